/** @file Point 4: whatever is wrong in a request has its reason, with the facts that a caller needs. */
import { DataType, type DenoiseRequest, type Model } from "@tandem/contracts";
import type { Reason } from "@tandem/errors";
import type { Check } from "../check.js";
import type { Context } from "../context.js";
import type { Draft } from "../draft.js";
import { type Asked, request } from "../inputs.js";
import { type Refusal, refused } from "../refused.js";

type Request = Draft<typeof DenoiseRequest>;

/** A request that is wrong in one way, and what it must be told. */
interface Mistake {
  readonly name: string;
  readonly reasons: Reason | readonly Reason[];
  make(asked: Asked, context: Context): Request;
  refusal?(context: Context): Refusal;
}

const sigma = { reasons: "FIELD_INVALID" as const, refusal: () => ({ field: "sigma" }) };
const sampleBytes = ({ model }: Context) => 4 * model.sampleShape.reduce((product, extent) => product * extent, 1);

/** x of another shape, with the bytes that belong to it. */
const shaped =
  (shapeFor: (model: Model) => number[]): Mistake["make"] =>
  ({ x, ...rest }, { model }) => {
    const shape = shapeFor(model);
    return {
      ...rest,
      x: { ...x, shape, data: new Uint8Array(shape.reduce((product, extent) => product * extent, 4)) },
    };
  };

const mistakes: readonly Mistake[] = [
  { name: "no x", reasons: "FIELD_INVALID", make: ({ x: _, ...rest }) => rest, refusal: () => ({ field: "x" }) },
  {
    name: "too few bytes",
    reasons: "TENSOR_SIZE_MISMATCH",
    make: (asked) => ({ ...asked, x: { ...asked.x, data: asked.x.data.subarray(3) } }),
    refusal: (context) => ({ metadata: { expected: 2 * sampleBytes(context), actual: 2 * sampleBytes(context) - 3 } }),
  },
  {
    name: "too many bytes",
    reasons: "TENSOR_SIZE_MISMATCH",
    make: ({ x, ...rest }) => ({ ...rest, x: { ...x, data: new Uint8Array(x.data.length + 4) } }),
    refusal: (context) => ({ metadata: { expected: 2 * sampleBytes(context), actual: 2 * sampleBytes(context) + 4 } }),
  },
  {
    name: "another sample shape",
    reasons: "SHAPE_MISMATCH",
    make: shaped(({ sampleShape }) => [2, ...sampleShape.map((extent) => extent + 1)]),
  },
  {
    name: "a dimension less",
    reasons: "SHAPE_MISMATCH",
    make: shaped(({ sampleShape }) => sampleShape),
  },
  {
    name: "a dimension more",
    reasons: "SHAPE_MISMATCH",
    make: shaped(({ sampleShape }) => [2, ...sampleShape, 1]),
  },
  {
    name: "no samples",
    reasons: ["FIELD_INVALID", "SHAPE_MISMATCH"],
    make: shaped(({ sampleShape }) => [0, ...sampleShape]),
  },
  {
    name: "an element type that is no sample's",
    reasons: "DATA_TYPE_UNSUPPORTED",
    make: ({ x, ...rest }) => ({ ...rest, x: { ...x, dataType: DataType.DATA_TYPE_INT64 } }),
  },
  {
    name: "no element type",
    reasons: ["DATA_TYPE_UNSUPPORTED", "FIELD_INVALID"],
    make: ({ x, ...rest }) => ({ ...rest, x: { ...x, dataType: DataType.DATA_TYPE_UNSPECIFIED } }),
  },
  {
    name: "an element type of the future",
    reasons: "DATA_TYPE_UNSUPPORTED",
    make: ({ x, ...rest }) => ({ ...rest, x: { ...x, dataType: 99 as DataType } }),
  },
  {
    name: "an output type that is no sample's",
    reasons: "DATA_TYPE_UNSUPPORTED",
    make: (asked) => ({ ...asked, outputType: DataType.DATA_TYPE_UINT8 }),
  },
  { name: "sigma 0", make: (asked) => ({ ...asked, sigma: [0, 1] }), ...sigma },
  { name: "sigma negative", make: (asked) => ({ ...asked, sigma: [1, -1] }), ...sigma },
  { name: "sigma NaN", make: (asked) => ({ ...asked, sigma: [Number.NaN] }), ...sigma },
  { name: "sigma infinite", make: (asked) => ({ ...asked, sigma: [Number.POSITIVE_INFINITY] }), ...sigma },
  { name: "no sigma", make: (asked) => ({ ...asked, sigma: [] }), ...sigma },
  { name: "a sigma too many", make: (asked) => ({ ...asked, sigma: [1, 1, 1] }), ...sigma },
];

export const requestChecks: readonly Check[] = [
  ...mistakes.map(
    ({ name, reasons, make, refusal }): Check => ({
      name: `requests: ${name} is ${[reasons].flat().join(" or ")}`,
      level: 1,
      run: (context) =>
        refused(context.denoiser.denoise(make(request(context), context)), reasons, refusal?.(context) ?? {}),
    }),
  ),
  {
    name: "requests: after all of these the server answers",
    level: 1,
    run: async (context) => void (await context.denoiser.denoise(request(context))),
  },
];
