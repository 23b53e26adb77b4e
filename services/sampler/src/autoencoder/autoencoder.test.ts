/** Latents leave this server as the numbers that latent datasets and models of others consist of, and what is no image is told so. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  AutoencoderServiceDefinition,
  DataType,
  ModelKind,
  ModelState,
  readTensor,
  wireTypes,
  writePixels,
} from "@tandem/contracts";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { type Client, createClient } from "@tandem/rpc";
import { golden, message, relativeError, sameBytes } from "../testing/golden.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";

const folder = golden("features/vae/two");
const statistics = {
  rawMean: [5.81, 3.25, 0.12, -2.15],
  rawStd: [4.17, 4.62, 3.71, 3.28],
  finalMean: 0,
  finalStd: 0, // 0.5
  numImages: 0n,
};

let sampler: RunningSampler;
let autoencoder: Client<typeof AutoencoderServiceDefinition>;
let io: Awaited<ReturnType<typeof readSafetensors>>["tensors"];
beforeAll(async () => {
  const net = golden("sampler/net.pkl");
  sampler = await startSampler("--model", `vae=${folder}`, "--model", `net=${net}`, "--max-batch", "4");
  autoencoder = createClient(AutoencoderServiceDefinition, sampler.channel);
  io = (await readSafetensors(golden("features/vae/two/io.safetensors"))).tensors;
});
afterAll(async () => sampler[Symbol.asyncDispose]());

const floats = (name: string) => ({ shape: io.get(name)!.shape, data: toFloat32(io.get(name)!) });
const pixels = (name: string) => ({ shape: io.get(name)!.shape, data: new Uint8Array(io.get(name)!.data) });

describe("an autoencoder on a server", () => {
  it("is a model of its kind, with what it takes", async () => {
    const { model } = await sampler.models.getModel({ name: "models/vae" });
    expect(model).toMatchObject({
      kind: ModelKind.MODEL_KIND_AUTOENCODER,
      state: ModelState.MODEL_STATE_READY,
      sampleShape: [3, 32, 32],
      maxBatchSize: 4,
      weightsDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      execution: { provider: "cpu", computeType: DataType.DATA_TYPE_FLOAT32 },
      network: {
        architecture: {
          $case: "klAutoencoder",
          value: {
            imgChannels: 3,
            latentChannels: 4,
            downscale: 2,
            channelMult: [1, 2],
            baseChannels: 8,
            normGroups: 4,
          },
        },
      },
      encoding: undefined,
    });
    expect(model!.wireTypes).toEqual([DataType.DATA_TYPE_UINT8, ...wireTypes.map(({ dataType }) => dataType)]);
    expect(model!.parameterCount).toBeGreaterThan(10_000n);
  });

  it("gives the reference's posterior", async () => {
    const { moments, timing } = await autoencoder.encode({
      model: "models/vae",
      pixels: writePixels(pixels("x"), true),
    });
    const { shape, data, hasChecksum } = readTensor(moments, "moments");
    expect(shape).toEqual([2, 8, 16, 16]);
    expect(hasChecksum).toBe(true);
    const half = 4 * 256;
    expect(relativeError(data.slice(0, half), floats("mean").data.slice(0, half))).toBeLessThan(2e-5);
    expect(relativeError(data.slice(3 * half), floats("std").data.slice(half))).toBeLessThan(2e-5);
    expect(timing!.compute!.nanos).toBeGreaterThan(0);
  });

  it("gives the reference's pixels, of raw latents and of normalized ones", async () => {
    const expected = pixels("dec_uint8");
    const raw = await autoencoder.decode({ model: "models/vae", latents: message(floats("dec_raw_latents")) });
    const latents = message(floats("dec_final_latents"));
    const normalized = await autoencoder.decode({ model: "models/vae", latents, statistics });
    for (const { pixels: actual } of [raw, normalized]) {
      expect(actual!.shape).toEqual(expected.shape);
      const off = actual!.data.filter((value, i) => value !== expected.data[i]!).length;
      expect(off).toBeLessThanOrEqual(0.002 * expected.data.length);
    }
  });

  it("may be loaded from its file, under another name, and taken out again", async () => {
    const uri = pathToFileURL(join(folder, "diffusion_pytorch_model.safetensors")).href;
    const source = { $case: "weights" as const, value: { uri } };
    const { model } = await sampler.models.loadModel({ name: "models/other", source });
    expect(model!.kind).toBe(ModelKind.MODEL_KIND_AUTOENCODER);
    const request = { latents: message(floats("dec_raw_latents")) };
    const [one, other] = await Promise.all(
      ["vae", "other"].map((name) => autoencoder.decode({ ...request, model: `models/${name}` })),
    );
    expect(sameBytes(one!.pixels!.data, other!.pixels!.data)).toBe(true);
    await sampler.models.unloadModel({ name: "models/other" });
    expect(sampler.domain.runtime.list().filter(({ name }) => name.startsWith("other"))).toEqual([]);
    await expect(autoencoder.decode({ ...request, model: "models/other" })).rejects.toMatchObject({
      reason: "MODEL_NOT_READY",
    });
  });
});

describe("a wrong request names what is wrong:", () => {
  const image = { shape: [1, 3, 8, 8], data: new Uint8Array(192) };
  const latents = { shape: [1, 4, 4, 4], data: new Float32Array(64) };
  const encode = (tensor: Partial<ReturnType<typeof writePixels>>, model = "models/vae") =>
    autoencoder.encode({ model, pixels: { ...writePixels(image), ...tensor } });
  const decode = (tensor: Partial<typeof latents>, given?: typeof statistics) =>
    autoencoder.decode({ model: "models/vae", latents: message({ ...latents, ...tensor }), statistics: given });

  it.each([
    ["no tensor", () => autoencoder.encode({ model: "models/vae" }), "FIELD_INVALID", "pixels"],
    ["floats", () => encode({ dataType: DataType.DATA_TYPE_FLOAT32 }), "DATA_TYPE_UNSUPPORTED", "pixels.data_type"],
    ["too few bytes", () => encode({ data: new Uint8Array(191) }), "TENSOR_SIZE_MISMATCH", "pixels.data"],
    ["damaged bytes", () => encode({ crc32c: 1 }), "CHECKSUM_MISMATCH", "pixels.data"],
    ["one channel", () => encode({ shape: [3, 1, 8, 8] }), "SHAPE_MISMATCH", "pixels"],
    ["no batch", () => encode({ shape: [3, 8, 8] }), "SHAPE_MISMATCH", "pixels"],
    ["less than a latent", () => encode({ shape: [64, 3, 1, 1] }), "BATCH_TOO_LARGE", "pixels.shape"],
    ["a line", () => encode({ shape: [1, 3, 64, 1] }), "SHAPE_MISMATCH", "pixels"],
    [
      "five images where four are allowed",
      () => encode({ shape: [5, 3, 8, 8], data: new Uint8Array(960) }),
      "BATCH_TOO_LARGE",
      "pixels.shape",
    ],
    [
      "three latent channels",
      () => decode({ shape: [1, 3, 4, 4], data: new Float32Array(48) }),
      "SHAPE_MISMATCH",
      "latents",
    ],
    [
      "a latent that is no number",
      () => decode({ data: new Float32Array(64).fill(Number.NaN) }),
      "FIELD_INVALID",
      "latents.data",
    ],
    [
      "statistics of fewer channels",
      () => decode({}, { ...statistics, rawMean: [1], rawStd: [1] }),
      "FIELD_INVALID",
      "statistics.raw_mean",
    ],
    [
      "a deviation of 0",
      () => decode({}, { ...statistics, rawStd: [1, 1, 0, 1] }),
      "FIELD_INVALID",
      "statistics.raw_std",
    ],
  ])("%s", async (_, call, reason, field) => {
    await expect(call()).rejects.toMatchObject({ reason, details: { field } });
  });

  it("more pixels than a message holds", async () => {
    const large = { shape: [1, 4, 2400, 2400], data: new Float32Array(4 * 2400 * 2400) };
    const half = message(large, wireTypes[1]);
    await expect(autoencoder.decode({ model: "models/vae", latents: half })).rejects.toMatchObject({
      reason: "LIMIT_EXCEEDED",
    });
  });

  it("a model of the other kind", async () => {
    await expect(encode({}, "models/net")).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("models/net is a denoiser, not an autoencoder"),
    });
    await expect(
      sampler.denoiser.denoise({ model: "models/vae", x: message(latents), sigma: [1] }),
    ).rejects.toMatchObject({ reason: "MODEL_INCOMPATIBLE" });
  });

  it("a folder that is not permitted, or has no weights", async () => {
    const load = (path: string) => {
      const source = { $case: "weights" as const, value: { uri: pathToFileURL(path).href } };
      return sampler.models.loadModel({ name: "models/never", source });
    };
    await expect(load(golden("features/vae/three"))).rejects.toMatchObject({ reason: "URI_NOT_ALLOWED" });
    await expect(load(join(folder, "old_names", "nothing"))).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});
