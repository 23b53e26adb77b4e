/** @file Point 6: callers that give up, run out of time, or are gone. Their sessions must not stay behind. */

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { DenoiseStreamRequest } from "@tandem/contracts";
import { type Check, expects } from "../check.js";
import type { Context } from "../context.js";
import type { Draft } from "../draft.js";
import { float32, noisy } from "../inputs.js";
import { describe, isNamed } from "../refused.js";
import { works } from "./stream.js";

/** Enough to use up the threads, streams or queue of a server that keeps what was given up. */
const MANY = 100;
const SESSIONS = 1000;

const step = (context: Context) => ({ x: float32.encode(noisy(context, [1]).data), sigma: [1] });
const open = ({ model }: Context) => ({ model: model.name, shape: [1, ...model.sampleShape] });

/** Runs it many times, ten at once. */
async function many(times: number, run: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i += 10) await Promise.all(Array.from({ length: 10 }, run));
}

async function givenUp(name: string, waiting: Promise<unknown>): Promise<void> {
  const end = await waiting.then(
    () => "an answer",
    (error: unknown) => (isNamed(error, name) ? name : describe(error)),
  );
  expects(end === name, `${name} was to be expected, not ${end}`);
}

export const cancellation: readonly Check[] = [
  ...(["before open", "between steps", "in a step"] as const).map(
    (moment): Check => ({
      name: `cancel: ${MANY} streams given up ${moment} leave the server free`,
      level: 1,
      async run(context) {
        await many(MANY, async () => {
          const caller = new AbortController();
          const session = context.session(caller.signal);
          if (moment !== "before open") await session.open(open(context));
          if (moment === "in a step") for (let i = 0; i < 4; i++) session.step(step(context));
          const waiting = session.next();
          setTimeout(() => caller.abort(), moment === "before open" ? 5 : 0);
          // The first of several steps may be answered before the cancel.
          if (moment === "in a step")
            await waiting.then(
              () => givenUp("AbortError", drained(session)),
              () => undefined,
            );
          else await givenUp("AbortError", waiting);
        });
        await works(context);
      },
    }),
  ),
  {
    name: "cancel: a deadline ends an idle session, and the next one works",
    level: 1,
    async run(context) {
      const { denoiser, model } = context;
      async function* idle(): AsyncGenerator<Draft<typeof DenoiseStreamRequest>> {
        yield { message: { $case: "open", value: open(context) } };
        await new Promise((resolve) => setTimeout(resolve, 2_000).unref());
      }
      const responses = denoiser.denoiseStream(idle(), { deadline: 300 })[Symbol.asyncIterator]();
      const first = await responses.next();
      expects(!first.done && first.value.message?.$case === "opened", `${model.name} did not open within 300 ms`);
      await givenUp("TimeoutError", responses.next());
      await works(context);
    },
  },
  {
    name: "cancel: 20 clients that crash in a step leave the server free",
    level: 1,
    async run(context) {
      await many(20, () => crash(context));
      await works(context);
    },
  },
  {
    name: `cancel: ${SESSIONS} sessions from open to OK`,
    level: 1,
    run: (context) => many(SESSIONS, async () => (await context.openSession(1)).close()),
  },
];

async function drained(session: ReturnType<Context["session"]>): Promise<void> {
  for (let next = await session.next(); next; next = await session.next());
}

/** A client whose socket is gone while it waits for a result. */
async function crash(context: Context): Promise<void> {
  const client = connectHttp2(`http://${context.address}`);
  client.on("error", () => undefined); // its own end of the broken connection
  const call = client.request({
    ":method": "POST",
    ":path": "/tandem.v1.DenoiserService/DenoiseStream",
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", () => undefined);
  call.write(framed({ message: { $case: "open", value: open(context) } }));
  call.write(framed({ message: { $case: "step", value: step(context) } }));
  await once(call, "response");
  client.destroy();
}

/** A gRPC frame: no compression, length, message. */
function framed(request: Draft<typeof DenoiseStreamRequest>): Buffer {
  const message = DenoiseStreamRequest.encode(DenoiseStreamRequest.fromPartial(request)).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
