/**
 * Latent datasets and latent models of others were made with this autoencoder: an input in -1 to 1 instead of 0 to 1, padding on
 * the wrong side, an epsilon of 1e-5 or a rounded pixel each give images that look right and are not theirs.
 */
import { beforeAll, describe, expect, it } from "@jest/globals";
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";
import { tapError } from "../features/golden-features.js";
import { golden, goldenJson, openSession, relativeError } from "../golden.js";
import { hashTensors } from "../testing/hash-weights.js";
import type { Autoencoder } from "./autoencoder.js";
import { buildDecoder, buildEncoder } from "./build.js";
import { autoencoderConfig } from "./config.js";
import { autoencoderTensors, type Extents } from "./graphs.js";
import { currentName } from "./layout.js";
import { toPixels, toUnit } from "./pixels.js";
import { samplePosterior, toPosterior } from "./posterior.js";
import { readAutoencoder } from "./read.js";
import { normalizeLatents, restoreLatents, stabilityStatistics } from "./statistics.js";

/** Of the golden data's README; PyTorch's own float32 is 0.5e-6 to 1.9e-6 from float64. */
const tolerance = 2e-5;

const folder = (name: string) => golden(`features/vae/${name}`);

type Taps = Record<string, Parameters<typeof tapError>[1]>;
const tapsOf = (name: string) => (goldenJson(`features/vae/${name}.json`) as { taps: Taps }).taps;

/** Tensors of a golden file. */
async function goldenTensors(name: string) {
  const { tensors } = await readSafetensors(golden(`features/vae/${name}.safetensors`));
  const get = (tensor: string) => tensors.get(tensor)!;
  return {
    bytes: (tensor: string) => new Uint8Array(get(tensor).data),
    floats: (tensor: string) => toFloat32(get(tensor)),
    get,
  };
}

const sizeOf = ({ shape }: TensorData): Extents => [shape[2]!, shape[3]!];

/** Posterior [N,2L,h,w] of pixels, and the activations on the way. */
async function encoded(autoencoder: Autoencoder, x: TensorData) {
  const run = await openSession(await buildEncoder(autoencoder, sizeOf(x), { activations: true }));
  const outputs = await run({ x: { data: toUnit(new Uint8Array(x.data)), shape: x.shape } });
  const half = outputs.moments!.length / x.shape[0]! / 2;
  toPosterior(outputs.moments!, half);
  const part = (from: number) =>
    Float32Array.from(
      { length: half * x.shape[0]! },
      (_, i) => outputs.moments![i + Math.floor(i / half) * half + from]!,
    );
  return { outputs, posterior: outputs.moments!, half, mean: part(0), std: part(half) };
}

async function decoded(autoencoder: Autoencoder, latents: Float32Array, shape: readonly number[]) {
  const model = await buildDecoder(autoencoder, [shape[2]!, shape[3]!], { activations: true });
  return (await openSession(model))({ latents: { data: latents, shape } });
}

/** Differ by at most 1, in at most 0.2 % of the values. */
function expectPixels(actual: Uint8Array, expected: Uint8Array) {
  const differences = actual.map((value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((difference) => difference > 0).length).toBeLessThanOrEqual(0.002 * expected.length);
}

function expectTaps(taps: Taps, outputs: Record<string, Float32Array>) {
  const errors = Object.entries(taps)
    .filter(([name]) => outputs[`activation/${name}`])
    .map(([name, tap]) => [name, tapError(outputs[`activation/${name}`]!, tap)] as const);
  expect(errors.length).toBeGreaterThan(3);
  expect(errors.filter(([, error]) => !(error < 1e-4))).toEqual([]);
}

async function expectRoundTrip(autoencoder: Autoencoder, io: Awaited<ReturnType<typeof goldenTensors>>, taps: Taps) {
  const { outputs, posterior, half, mean, std } = await encoded(autoencoder, io.get("x"));
  expectTaps(taps, outputs);
  expect(relativeError(mean, io.floats("mean"))).toBeLessThan(tolerance);
  expect(relativeError(std, io.floats("std"))).toBeLessThan(tolerance);
  const sample = samplePosterior(posterior, half, io.floats("noise"));
  expect(relativeError(sample, io.floats("sample"))).toBeLessThan(tolerance);
  const area = half / autoencoder.config.latentChannels;
  const latents = normalizeLatents(sample, stabilityStatistics, area);
  expect(relativeError(latents, io.floats("final_latents"))).toBeLessThan(tolerance);
  const raw = restoreLatents(io.floats("dec_final_latents"), stabilityStatistics, area);
  expect(relativeError(raw, io.floats("dec_raw_latents"))).toBeLessThan(1e-6);
  const decoding = await decoded(autoencoder, raw, io.get("dec_raw_latents").shape);
  expectTaps(taps, decoding);
  expect(relativeError(decoding.image!, io.floats("dec_image"))).toBeLessThan(tolerance);
  expectPixels(toPixels(decoding.image!), io.bytes("dec_uint8"));
}

describe.each(["two", "three", "sd"])("the small autoencoder %s", (name) => {
  let autoencoder: Autoencoder;
  let io: Awaited<ReturnType<typeof goldenTensors>>;
  beforeAll(async () => {
    [autoencoder, io] = await Promise.all([readAutoencoder(folder(name)), goldenTensors(`${name}/io`)]);
  });

  it("sees pixels as 0 to 1", () => {
    expect(toUnit(io.bytes("x"))).toEqual(io.floats("x01"));
  });

  it("gives the reference's posterior, latents and image", () =>
    expectRoundTrip(autoencoder, io, tapsOf(`${name}/meta`)));

  it("takes images whose size is not divisible", async () => {
    const { mean, std } = await encoded(autoencoder, io.get("odd_x"));
    expect(relativeError(mean, io.floats("odd_mean"))).toBeLessThan(tolerance);
    expect(relativeError(std, io.floats("odd_std"))).toBeLessThan(tolerance);
  });

  it("has the reference's epsilon, which shows where activations are small", async () => {
    const scaled = [...autoencoder.tensors].map(([key, tensor]) => {
      if (!/^(en|de)coder\.conv_in\./.test(key)) return [key, tensor] as const;
      const data = new Uint8Array(toFloat32(tensor).map((value) => value * 2 ** -10).buffer);
      return [key, { ...tensor, dtype: "F32" as const, data }] as const;
    });
    const small = { ...autoencoder, tensors: new Map(scaled) };
    const { mean } = await encoded(small, io.get("x"));
    expect(relativeError(mean, io.floats("eps_mean"))).toBeLessThan(tolerance);
    const { image } = await decoded(small, io.floats("dec_raw_latents"), io.get("dec_raw_latents").shape);
    expect(relativeError(image!, io.floats("eps_image"))).toBeLessThan(tolerance);
  });
});

describe("a posterior", () => {
  it("has variances within bounds, whatever the encoder says", async () => {
    const io = await goldenTensors("two/io");
    const moments = io.floats("clamp_moments");
    toPosterior(moments, moments.length / 2);
    expect(moments.subarray(0, moments.length / 2)).toEqual(io.floats("clamp_mean"));
    expect(relativeError(moments.subarray(moments.length / 2), io.floats("clamp_std"))).toBeLessThan(1e-6);
    const logs = moments.subarray(moments.length / 2).map(Math.log);
    const expected = io.floats("clamp_std").map(Math.log);
    expect(relativeError(logs, expected)).toBeLessThan(1e-6); // also where it is 3e-7
  });
});

describe("the published autoencoder", () => {
  const names = goldenJson("features/vae/names.json") as {
    config: Record<string, unknown>;
    parameters: number;
    tensors: Record<string, number[]>;
    old_attention_names: Record<string, string>;
  };
  const config = autoencoderConfig(names.config, "config.json");
  const specs = autoencoderTensors(config);

  it("has the tensors of its file", () => {
    expect(new Map(specs.map(({ name, shape }) => [name, shape]))).toEqual(new Map(Object.entries(names.tensors)));
    const parameters = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(parameters).toBe(names.parameters);
  });

  it("gives the reference's posterior, latents and image", async () => {
    const autoencoder = { config, tensors: hashTensors("dev/vae_full/", specs), digest: "sha256:" };
    await expectRoundTrip(autoencoder, await goldenTensors("full_io"), tapsOf("full_meta"));
  });

  it("is known by the names of its first years", () => {
    for (const [today, then] of Object.entries(names.old_attention_names)) {
      const path = "encoder.mid_block.attentions.0";
      expect(currentName(`${path}.${then}.weight`)).toBe(`${path}.${today}.weight`);
    }
  });
});
