/**
 * Datasets of hundreds of thousands of images go through encode, and every image of a latent model through decode: neither the
 * number of images at once nor their size may change what comes out, or end the process.
 */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readSafetensors, toFloat32 } from "@tandem/formats";
import { Runtime } from "@tandem/runtime";
import { golden, relativeError } from "../golden.js";
import { type OpenAutoencoder, openAutoencoder } from "./open.js";
import { readAutoencoder } from "./read.js";
import { stabilityStatistics } from "./statistics.js";

const folder = golden("features/vae/two");

let runtime: Runtime;
let whole: OpenAutoencoder;
let tiled: OpenAutoencoder;
let io: Awaited<ReturnType<typeof readSafetensors>>["tensors"];
beforeAll(async () => {
  runtime = new Runtime();
  const read = () => readAutoencoder(folder);
  const options = { provider: "cpu", maxBatchSize: 2 };
  whole = await openAutoencoder(runtime, "whole", read, options);
  tiled = await openAutoencoder(runtime, "tiled", read, { ...options, tile: 48 });
  io = (await readSafetensors(golden("features/vae/two/io.safetensors"))).tensors;
});
afterAll(() => runtime.close());

const floats = (name: string) => toFloat32(io.get(name)!);
const bytes = (name: string) => new Uint8Array(io.get(name)!.data);

/** Smooth pictures with structure in them. */
function picture(height: number, width: number, count = 1): Uint8Array {
  return Uint8Array.from({ length: count * 3 * height * width }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    return 128 + 100 * Math.sin(x / 9 + i / (height * width)) * Math.cos(y / 7);
  });
}

/** Of the first image's means, relative to theirs. */
function rmsDifference(actual: Float32Array, expected: Float32Array, count: number): number {
  const squares = (value: (i: number) => number) =>
    expected.subarray(0, count).reduce((sum, _, i) => sum + value(i) ** 2, 0);
  return Math.sqrt(squares((i) => actual[i]! - expected[i]!) / squares((i) => expected[i]!));
}

describe("an open autoencoder", () => {
  it("gives the reference's posterior and pixels", async () => {
    const { data, shape } = await whole.encode({ data: bytes("x"), shape: [2, 3, 32, 32] });
    expect(shape).toEqual([2, 8, 16, 16]);
    const half = data.length / 4;
    expect(relativeError(data.slice(0, half), floats("mean").subarray(0, half))).toBeLessThan(2e-5);
    expect(relativeError(data.slice(half, 2 * half), floats("std").subarray(0, half))).toBeLessThan(2e-5);
    const latents = { data: floats("dec_final_latents"), shape: [2, 4, 16, 16] as const };
    const images = await whole.decode(latents, { statistics: stabilityStatistics });
    expect(images.shape).toEqual([2, 3, 32, 32]);
    const off = images.data.filter((value, i) => value !== bytes("dec_uint8")[i]).length;
    expect(off).toBeLessThanOrEqual(0.002 * images.data.length);
  });

  it("gives every image the same bits alone and among others", async () => {
    const pixels = picture(32, 32, 5);
    const { data } = await whole.encode({ data: pixels, shape: [5, 3, 32, 32] });
    const one = await whole.encode({ data: pixels.slice(-3 * 1024), shape: [1, 3, 32, 32] });
    expect(data.subarray(-one.data.length)).toEqual(one.data);
    const posterior = { data: data.slice(0, 4 * 256), shape: [1, 4, 16, 16] as const };
    const both = { data: Float32Array.of(...posterior.data, ...posterior.data), shape: [2, 4, 16, 16] as const };
    const [alone, pair] = [await whole.decode(posterior), await whole.decode(both)];
    expect(pair.data.subarray(pair.data.length / 2)).toEqual(alone.data);
  });

  it("computes images beyond its tile in tiles, near what the whole gives", async () => {
    const pixels = { data: picture(80, 131, 3), shape: [3, 3, 80, 131] as const };
    const [expected, actual] = [await whole.encode(pixels), await tiled.encode(pixels)];
    expect(actual.shape).toEqual(expected.shape);
    // Random weights are the worst case: their normalizations and attention take all from the rest of the image (unrelated
    // images are 1.4 apart, and 60 of 255).
    expect(rmsDifference(actual.data, expected.data, 4 * 40 * 65)).toBeLessThan(0.5);
    const latents = { data: expected.data.slice(0, 4 * 40 * 65), shape: [1, 4, 40, 65] as const };
    const [image, other] = [await whole.decode(latents), await tiled.decode(latents)];
    expect(other.shape).toEqual([1, 3, 80, 130]);
    const differences = image.data.map((value, i) => Math.abs(value - other.data[i]!));
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(15);
  });

  it("keeps two sizes of each half in memory, however many come", async () => {
    for (const side of [8, 10, 12, 14, 8]) await whole.encode({ data: picture(side, side), shape: [1, 3, side, side] });
    const sessions = runtime.list().filter(({ name }) => name.startsWith("whole/encoder"));
    expect(sessions.map(({ name }) => name)).toEqual(["whole/encoder 14x14", "whole/encoder 8x8"]);
  });

  it("names what does not fit it", async () => {
    const pixels = (shape: number[], length: number) =>
      whole.encode({ data: new Uint8Array(length), shape: shape as [number, number, number, number] });
    await expect(pixels([1, 1, 8, 8], 64)).rejects.toMatchObject({
      reason: "SHAPE_MISMATCH",
      message: "pixels is [1,1,8,8]; it must be [N, 3, H, W] with N at least 1, H and W at least 2",
    });
    await expect(pixels([1, 3, 8, 1], 24)).rejects.toMatchObject({ reason: "SHAPE_MISMATCH" });
    await expect(pixels([1, 3, 8, 8], 191)).rejects.toMatchObject({ reason: "TENSOR_SIZE_MISMATCH" });
    const latents = { data: new Float32Array(4 * 64), shape: [1, 4, 8, 8] as const };
    const statistics = { ...stabilityStatistics, rawStd: [1] };
    await expect(whole.decode(latents, { statistics })).rejects.toThrow(
      "statistics.raw_std is 1; it must be 4 numbers",
    );
    await expect(whole.decode({ ...latents, data: latents.data.fill(Number.NaN) })).rejects.toMatchObject({
      reason: "NOT_FINITE",
    });
  });

  it("ends with its runtime's memory free", async () => {
    await tiled.close();
    expect(runtime.list().filter(({ name }) => name.startsWith("tiled"))).toEqual([]);
  });
});
