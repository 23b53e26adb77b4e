/** @file Point 5: the order of a stream's messages, and of its answers. */

import { DataType } from "@tandem/contracts";
import type { Reason } from "@tandem/errors";
import { type Check, expects } from "../check.js";
import type { Context } from "../context.js";
import { close, denoise, float32, noisy, ROUNDING, request } from "../inputs.js";
import { refused } from "../refused.js";
import type { Session } from "../session.js";

const bytes = (context: Context, sigma = 1) => float32.encode(noisy(context, [sigma]).data);
const open = ({ model }: Context) => ({ model: model.name, shape: [1, ...model.sampleShape] });

/** What a client does wrong, and the reason it gets. */
const mistakes: ReadonlyArray<readonly [string, Reason | readonly Reason[], (s: Session, c: Context) => unknown]> = [
  ["a step before open", "PROTOCOL_VIOLATION", (s, c) => s.step({ x: bytes(c), sigma: [1] })],
  ["an empty first message", "PROTOCOL_VIOLATION", (s) => s.send(undefined)],
  ["open twice", "PROTOCOL_VIOLATION", (s, c) => s.open(open(c)).then(() => s.send({ $case: "open", value: open(c) }))],
  ["an empty message after open", "PROTOCOL_VIOLATION", (s, c) => s.open(open(c)).then(() => s.send(undefined))],
  [
    "a model that is not there",
    "RESOURCE_NOT_FOUND",
    (s, c) => s.send({ $case: "open", value: { ...open(c), model: c.model.name.replace(/[^/]+$/, "no-such-model") } }),
  ],
  [
    "another shape",
    "SHAPE_MISMATCH",
    (s, c) => s.send({ $case: "open", value: { ...open(c), shape: [1, 1, 1, 1, 1] } }),
  ],
  [
    "no samples",
    ["FIELD_INVALID", "SHAPE_MISMATCH"],
    (s, c) => s.send({ $case: "open", value: { ...open(c), shape: [0, ...c.model.sampleShape] } }),
  ],
  [
    "an element type that is no sample's",
    "DATA_TYPE_UNSUPPORTED",
    (s, c) => s.send({ $case: "open", value: { ...open(c), dataType: DataType.DATA_TYPE_UINT8 } }),
  ],
  [
    "a step of too few bytes",
    "TENSOR_SIZE_MISMATCH",
    (s, c) => s.open(open(c)).then(() => s.step({ x: bytes(c).subarray(4), sigma: [1] })),
  ],
  ["a step without sigma", "FIELD_INVALID", (s, c) => s.open(open(c)).then(() => s.step({ x: bytes(c) }))],
  ["a step with sigma 0", "FIELD_INVALID", (s, c) => s.open(open(c)).then(() => s.step({ x: bytes(c), sigma: [0] }))],
];

export const stream: readonly Check[] = [
  ...mistakes.map(
    ([name, reasons, act]): Check => ({
      name: `stream: ${name} ends it with ${[reasons].flat().join(" or ")}, and the next one works`,
      level: 1,
      async run(context) {
        const session = context.session();
        await act(session, context);
        await refused(session.next(), reasons);
        await works(context);
      },
    }),
  ),
  {
    name: "stream: max_in_flight steps are answered in order, also after the half-close",
    level: 1,
    async run(context) {
      const session = context.session();
      const { maxInFlight } = await session.open(open(context));
      expects(maxInFlight >= 1, "max_in_flight is 0");
      const sigmas = Array.from({ length: Math.min(maxInFlight, 16) }, (_, i) => i + 1);
      for (const sigma of sigmas) session.step({ x: bytes(context, sigma), sigma: [sigma] });
      session.end();
      for (const sigma of sigmas) await expectStep(context, session, sigma);
      expects((await session.next()) === undefined, "the stream goes on after the last result");
    },
  },
  {
    name: "stream: steps beyond max_in_flight wait for their turn",
    level: 1,
    async run(context) {
      const session = context.session();
      const { maxInFlight } = await session.open(open(context));
      const sigmas = Array.from({ length: 2 * Math.min(maxInFlight, 16) + 1 }, (_, i) => i + 1);
      for (const sigma of sigmas) session.step({ x: bytes(context, sigma), sigma: [sigma] });
      for (const sigma of sigmas) await expectStep(context, session, sigma);
      await session.close();
    },
  },
  {
    name: "stream: steps before a wrong one are answered first",
    level: 1,
    async run(context) {
      const session = await context.openSession(1);
      session.step({ x: bytes(context, 2), sigma: [2] });
      session.step({ x: bytes(context), sigma: [-1] });
      await expectStep(context, session, 2);
      await refused(session.next(), "FIELD_INVALID", { field: "sigma" });
      await works(context);
    },
  },
  {
    name: "stream: half-closing right after open ends it with OK",
    level: 1,
    run: async (context) => (await context.openSession(1)).close(),
  },
  {
    name: "stream: 16 sessions are open at once",
    level: 1,
    async run(context) {
      const sessions = await Promise.all(Array.from({ length: 16 }, () => context.openSession(1)));
      for (const session of sessions) session.step({ x: bytes(context), sigma: [1] });
      await Promise.all(sessions.map((session) => expectStep(context, session, 1)));
      await Promise.all(sessions.map((session) => session.close()));
    },
  },
];

/** The next answer is that of Denoise at this noise level. */
async function expectStep(context: Context, session: Session, sigma: number): Promise<void> {
  const expected = await denoise(context, request(context, [sigma]));
  const { denoised } = await session.result();
  // Other sessions may share its batch, so not to the bit.
  close({ shape: expected.shape, data: float32.decode(denoised) }, expected, ROUNDING, `the step at sigma ${sigma}`);
}

/** A session from open to OK. */
export async function works(context: Context): Promise<void> {
  const session = await context.openSession(1);
  session.step({ x: bytes(context), sigma: [1] });
  await session.result();
  await session.close();
}
