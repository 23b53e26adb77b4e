import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  AuxiliaryOutput,
  crc32c,
  DataType,
  DenoiseRequest,
  type FloatTensor,
  Labels,
  readTensor,
  toMilliseconds,
  wireTypes,
} from "@tandem/contracts";
import type { Draft } from "../testing/draft.js";
import { golden, goldenTensors, message, points, relativeError, sameBytes, slice } from "../testing/golden.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";

const [float32, float16, bfloat16] = wireTypes as [(typeof wireTypes)[0], (typeof wireTypes)[0], (typeof wireTypes)[0]];
const rows = (tensor: FloatTensor): Draft<typeof Labels> => ({ kind: { $case: "vectors", value: message(tensor) } });
const classes = (...values: number[]): Draft<typeof Labels> => ({ kind: { $case: "indices", value: { values } } });

let sampler: RunningSampler;
let io: Record<string, FloatTensor>;

beforeAll(async () => {
  sampler = await startSampler("--model", `net=${golden("sampler/net.pkl")}`, "--max-batch", "8");
  const toy = {
    source: { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: {} } } },
  };
  await sampler.models.loadModel({ name: "models/toy", ...toy });
  io = await goldenTensors("network/cond/io.safetensors");
});
afterAll(async () => sampler[Symbol.asyncDispose]());

const denoise = (request: Draft<typeof DenoiseRequest>) =>
  sampler.denoiser.denoise({ model: "models/net", ...request });
const denoised = async (request: Draft<typeof DenoiseRequest>) =>
  readTensor((await denoise(request)).denoised, "denoised").data;
const goldenBatch = (from = 0, to = 5) => ({
  x: message(slice(io.x!, from, to)),
  sigma: [...io.sigma!.data.slice(from, to)],
  labels: rows(slice(io.labels!, from, to)),
});

describe("Denoise", () => {
  it("equals the reference, with soft labels and without, log variance included", async () => {
    const labelled = await denoise({ ...goldenBatch(), auxiliary: [AuxiliaryOutput.AUXILIARY_OUTPUT_LOGVAR] });
    expect(relativeError(readTensor(labelled.denoised, "D").data, io.denoised!.data)).toBeLessThan(1e-5);
    expect(relativeError(Float32Array.from(labelled.logvar), io.logvar!.data)).toBeLessThan(1e-5);
    const { labels: _, ...unlabelled } = goldenBatch();
    expect(relativeError(await denoised(unlabelled), io.denoised_no_label!.data)).toBeLessThan(1e-5);
  });

  it("gives a sample the same bytes alone and in any batch", async () => {
    const together = await denoised(goldenBatch());
    const size = together.length / 5;
    const alone = await Promise.all([0, 1, 2, 3, 4].map((n) => denoised(goldenBatch(n, n + 1))));
    for (const [n, data] of alone.entries())
      expect(sameBytes(data, together.slice(n * size, (n + 1) * size))).toBe(true);
  });

  it("takes -1 as no label, and one label for all", async () => {
    const { labels: _, ...unlabelled } = goldenBatch(0, 2);
    const none = await denoised(unlabelled);
    expect(sameBytes(await denoised({ ...unlabelled, labels: classes(-1) }), none)).toBe(true);
    const each = await denoised({ ...unlabelled, labels: classes(3, 3) });
    expect(sameBytes(await denoised({ ...unlabelled, labels: classes(3) }), each)).toBe(true);
    expect(sameBytes(each, none)).toBe(false);
  });

  it("ignores labels where the model has none", async () => {
    const request = { model: "models/toy", x: message(points(3)), sigma: [1] };
    expect(sameBytes(await denoised({ ...request, labels: classes(99) }), await denoised(request))).toBe(true);
  });

  it("takes and returns half precision, unaligned or not", async () => {
    const exact = await denoised({ x: message(slice(io.x!, 0, 2)), sigma: [1] });
    for (const wireType of [float16, bfloat16]) {
      const { denoised: answer } = await denoise({ x: message(slice(io.x!, 0, 2), wireType), sigma: [1] });
      expect(answer!.dataType).toBe(wireType.dataType);
      expect(relativeError(readTensor(answer, "D").data, exact)).toBeLessThan(wireType === float16 ? 0.01 : 0.05);
    }
    const { denoised: widened } = await denoise({
      x: message(slice(io.x!, 0, 2), float16),
      sigma: [1],
      outputType: DataType.DATA_TYPE_FLOAT32,
    });
    expect(widened!.dataType).toBe(DataType.DATA_TYPE_FLOAT32);
  });

  it("answers a checksum with a checksum, and tells where the time went", async () => {
    const plain = await denoise({ x: message(slice(io.x!, 0, 1)), sigma: [1] });
    expect(plain.denoised!.crc32c).toBeUndefined();
    const checked = await denoise({ x: message(slice(io.x!, 0, 1), float32, true), sigma: [1] });
    expect(checked.denoised!.crc32c).toBe(crc32c(checked.denoised!.data));
    expect(toMilliseconds(checked.timing!.compute)).toBeGreaterThan(0);
  });

  it("gives the log density of models that have one", async () => {
    const { logDensity, logvar } = await denoise({
      model: "models/toy",
      x: message(points(4)),
      sigma: [0.5, 1, 2, 4],
      auxiliary: [AuxiliaryOutput.AUXILIARY_OUTPUT_LOG_DENSITY],
    });
    expect(logDensity).toHaveLength(4);
    expect(logDensity.every(Number.isFinite)).toBe(true);
    expect(logvar).toEqual([]);
  });

  it("serves the toy's ground truth: the reference's density at points, and its cost", async () => {
    const architecture = { $case: "gaussianMixture" as const, value: { classes: "A" } };
    await sampler.models.loadModel({ name: "models/truth", source: { $case: "network", value: { architecture } } });
    const { x, sigma, logp } = await goldenTensors("toy/points.safetensors");
    const density = async (from: number) => {
      const request = { model: "models/truth", x: message(slice(x!, from, from + 8)) };
      const auxiliary = [AuxiliaryOutput.AUXILIARY_OUTPUT_LOG_DENSITY];
      return (await denoise({ ...request, sigma: [...sigma!.data.slice(from, from + 8)], auxiliary })).logDensity;
    };
    const actual = (await Promise.all(Array.from({ length: x!.shape[0]! / 8 }, (_, i) => density(8 * i)))).flat();
    const known = [...actual.keys()].filter((i) => Number.isFinite(logp!.data[i])); // the reference underflows far away
    const at = (values: ArrayLike<number>) => Float32Array.from(known, (i) => values[i]!);
    expect(relativeError(at(actual), at(logp!.data))).toBeLessThan(1e-5);
    const { flops } = await sampler.models.countFlops({ subject: { $case: "model", value: "models/truth" } });
    const subject = { $case: "network" as const, value: { architecture } };
    expect((await sampler.models.countFlops({ subject })).flops).toBe(flops);
  });
});

describe("a Denoise whose result is no number", () => {
  it("says so instead of sending it", async () => {
    const far = { model: "models/toy", x: message({ shape: [1, 2], data: Float32Array.of(3e38, 0) }), sigma: [0.1] };
    await expect(denoise(far)).rejects.toMatchObject({
      reason: "NOT_FINITE",
      details: { metadata: { model: "models/toy", output: "denoised" } },
    });
  });

  it("says so when the type that was asked for cannot hold it", async () => {
    const x = message({ shape: [1, 2], data: Float32Array.of(1e6, 0) });
    const half = { model: "models/toy", x, sigma: [1e-4], outputType: DataType.DATA_TYPE_FLOAT16 };
    await expect(denoise(half)).rejects.toMatchObject({ reason: "NOT_FINITE" });
    await denoise({ ...half, outputType: DataType.DATA_TYPE_FLOAT32 });
  });
});

/** Each of these must end in its own error, and leave the server as it was: the first thing that strangers send is nonsense. */
describe("a wrong Denoise", () => {
  const good = { model: "models/toy", x: message(points(2)), sigma: [1] };
  const x = (fields: object) => ({ ...good, x: { ...good.x, ...fields } });
  const conditional = { model: "models/net", x: () => message(slice(io.x!, 0, 2)) };

  it.each<[string, Draft<typeof DenoiseRequest>, string, string, object?]>([
    ["no model", { ...good, model: "" }, "FIELD_INVALID", "model"],
    ["a malformed model name", { ...good, model: "servers/a/models/b" }, "FIELD_INVALID", "model"],
    ["an upper-case model name", { ...good, model: "models/Toy" }, "FIELD_INVALID", "model"],
    ["no x", { ...good, x: undefined }, "FIELD_INVALID", "x"],
    ["x of another shape", x({ shape: [4, 1] }), "SHAPE_MISMATCH", "x.shape", { expected: "[N, 2]", actual: "[4, 1]" }],
    ["x without a batch", x({ shape: [2], data: new Uint8Array(8) }), "SHAPE_MISMATCH", "x.shape"],
    ["no samples", x({ shape: [0, 2], data: new Uint8Array() }), "FIELD_INVALID", "x.shape"],
    [
      "too few bytes",
      x({ data: new Uint8Array(15) }),
      "TENSOR_SIZE_MISMATCH",
      "x.data",
      { expected: "16", actual: "15" },
    ],
    [
      "pixels",
      x({ dataType: DataType.DATA_TYPE_UINT8, data: new Uint8Array(4) }),
      "DATA_TYPE_UNSUPPORTED",
      "x.data_type",
    ],
    ["an unknown type", x({ dataType: 99 as DataType }), "DATA_TYPE_UNSUPPORTED", "x.data_type"],
    ["a damaged x", x({ crc32c: 7 }), "CHECKSUM_MISMATCH", "x.data"],
    [
      "NaN in x",
      { ...good, x: message({ shape: [1, 2], data: Float32Array.of(0, Number.NaN) }) },
      "FIELD_INVALID",
      "x.data",
    ],
    [
      "infinity in x",
      { ...good, x: message({ shape: [1, 2], data: Float32Array.of(1 / 0, 0) }) },
      "FIELD_INVALID",
      "x.data",
    ],
    ["too many samples", { ...good, x: message(points(9)) }, "BATCH_TOO_LARGE", "x.shape", { max: "8" }],
    ["no sigma", { ...good, sigma: [] }, "FIELD_INVALID", "sigma"],
    ["three sigmas for two samples", { ...good, sigma: [1, 2, 3] }, "FIELD_INVALID", "sigma"],
    ["sigma 0", { ...good, sigma: [0] }, "FIELD_INVALID", "sigma"],
    ["negative sigma", { ...good, sigma: [1, -1] }, "FIELD_INVALID", "sigma"],
    ["sigma NaN", { ...good, sigma: [Number.NaN] }, "FIELD_INVALID", "sigma"],
    ["infinite sigma", { ...good, sigma: [1 / 0] }, "FIELD_INVALID", "sigma"],
    ["an output of pixels", { ...good, outputType: DataType.DATA_TYPE_UINT8 }, "DATA_TYPE_UNSUPPORTED", "output_type"],
    ["an unset scalar", { ...good, auxiliary: [0] }, "FIELD_INVALID", "auxiliary[0]"],
    ["a scalar that it has not", { ...good, auxiliary: [1] }, "NOT_SUPPORTED", "auxiliary[0]"],
  ])("with %s is refused", async (...[, request, reason, field, metadata]) => {
    await expect(denoise(request)).rejects.toMatchObject({ reason, details: { field, ...(metadata && { metadata }) } });
    expect((await denoise(good)).denoised!.shape).toEqual([2, 2]);
  });

  it.each([
    ["a class too high", classes(10), "LABEL_OUT_OF_RANGE", "labels.indices.values"],
    ["a class below -1", classes(-2, 0), "LABEL_OUT_OF_RANGE", "labels.indices.values"],
    ["three classes for two samples", classes(1, 2, 3), "FIELD_INVALID", "labels.indices.values"],
    ["rows too narrow", rows({ shape: [2, 3], data: new Float32Array(6) }), "SHAPE_MISMATCH", "labels.vectors.shape"],
    [
      "rows with NaN",
      rows({ shape: [1, 10], data: new Float32Array(10).fill(Number.NaN) }),
      "FIELD_INVALID",
      "labels.vectors.data",
    ],
  ])("with %s is refused", async (_, labels, reason, field) => {
    const request = denoise({ model: conditional.model, x: conditional.x(), sigma: [1], labels });
    await expect(request).rejects.toMatchObject({ reason, details: { field } });
  });

  it("names the model that does not exist", async () => {
    const request = denoise({ ...good, model: "models/nobody" });
    await expect(request).rejects.toMatchObject({
      reason: "RESOURCE_NOT_FOUND",
      details: { resource: "models/nobody" },
    });
  });
});
