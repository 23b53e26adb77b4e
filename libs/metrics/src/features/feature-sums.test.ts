/**
 * A metric must not depend on how the work was cut: by shards, workers, batches, or the order in which they came. Two people with
 * other machines then get the same statistics, and a file's digest says that they do.
 */
import { describe, expect, it } from "@jest/globals";
import { goldenTensors } from "../test-files.js";
import { FeatureSums } from "./feature-sums.js";
import { ROUND } from "./fixed-point.js";

const dim = 24;
const images = 700;
/** Features of very different size, some negative, from a linear congruence. */
const rows = Float32Array.from({ length: images * dim }, (_, i) => {
  const word = Math.imul(i + 1, 2654435761) >>> 0;
  return (word / 2 ** 31 - 0.7) * 10 ** ((i % dim) / 4 - 3);
});
const rowsOf = (first: number, end: number) => rows.subarray(first * dim, end * dim);

async function whole(): Promise<FeatureSums> {
  const sums = new FeatureSums(dim);
  await sums.add(rows);
  return sums;
}

describe("sums of features are the same to the last bit", () => {
  it.each([1, 7, 100, 512])("in batches of %i", async (size) => {
    const sums = new FeatureSums(dim);
    for (let at = 0; at < images; at += size) await sums.add(rowsOf(at, Math.min(images, at + size)));
    expect(await sums.parts()).toEqual(await (await whole()).parts());
    expect(await sums.statistics()).toEqual(await (await whole()).statistics());
  });

  it("in shards that are merged in any order, and in any order of the images", async () => {
    const shards = [0, 1, 2].map(() => new FeatureSums(dim));
    for (let i = images - 1; i >= 0; i--) await shards[i % 3]!.add(rowsOf(i, i + 1));
    await shards[2]!.merge(shards[0]!);
    await shards[2]!.merge(shards[1]!);
    expect(shards[2]!.n).toBe(images);
    expect(await shards[2]!.parts()).toEqual(await (await whole()).parts());
  });

  it("when they were stored between", async () => {
    const first = new FeatureSums(dim);
    await first.add(rowsOf(0, 300));
    const again = FeatureSums.fromParts(dim, await first.parts());
    await again.add(rowsOf(300, images));
    expect(await again.parts()).toEqual(await (await whole()).parts());
  });
});

describe("mean and covariance of sums", () => {
  const far = rows.map((value, i) => 8000 - (i % dim) * 700 + value / 1000);

  it.each([
    ["of features of every size", rows],
    ["of features far from zero, whose squares cancel", far],
  ])("are right to the last digits: %s", async (_, features) => {
    const sums = new FeatureSums(dim);
    await sums.add(features);
    const { mu, sigma } = await sums.statistics();
    const scaled = (i: number, j: number) => BigInt(features[i * dim + j]! * 2 ** 30 + ROUND - ROUND);
    for (const [j, k] of [
      [0, 0],
      [3, 20],
      [23, 23],
      [5, 6],
      [1, 2],
    ] as const) {
      let [sumJ, sumK, product] = [0n, 0n, 0n];
      for (let i = 0; i < images; i++) {
        sumJ += scaled(i, j);
        sumK += scaled(i, k);
        product += scaled(i, j) * scaled(i, k);
      }
      const n = BigInt(images);
      const exact = Number(((n * product - sumJ * sumK) << 60n) / (n * (n - 1n))) / 2 ** 120;
      expect(Math.abs(sigma[j * dim + k]! - exact)).toBeLessThanOrEqual(4e-16 * Math.abs(exact));
      expect(Math.abs(mu[j]! - Number(sumJ) / images / 2 ** 30)).toBeLessThanOrEqual(4e-16 * Math.abs(mu[j]!));
    }
  });

  it.each(["generic", "few_samples"])("are the reference's: %s", async (name) => {
    const tensors = await goldenTensors("features/frechet_edge/data.safetensors");
    for (const side of ["a", "b"]) {
      const features = tensors.features(`${name}.${side}`);
      const sums = new FeatureSums(features.dim);
      await sums.add(features.rows);
      const { mu, sigma } = await sums.statistics();
      const apart = (ours: Float64Array, theirs: Float64Array) =>
        Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)));
      expect(apart(mu, tensors.numbers(`${name}.mu_${side}`))).toBeLessThan(1e-9);
      expect(apart(sigma, tensors.numbers(`${name}.sigma_${side}`))).toBeLessThan(1e-9);
    }
  });

  it("of features that do not vary are zero, however far from it they lie", async () => {
    const sums = new FeatureSums(2);
    for (let i = 0; i < 100; i++) await sums.add(Float32Array.of(8191.7, -0.1));
    expect((await sums.statistics()).sigma).toEqual(new Float64Array(4));
  });
});

describe("sums of features refuse", () => {
  it.each([
    [Number.NaN, "NOT_FINITE", /feature 1 of image 3 is NaN/],
    [Number.POSITIVE_INFINITY, "NOT_FINITE", /feature 1 of image 3 is Infinity/],
    [-8192, "FIELD_INVALID", /feature 1 of image 3 is -8192; features must be within/],
  ])("%s, naming the image, and add nothing", async (value, reason, message) => {
    const sums = new FeatureSums(2);
    await sums.add(Float32Array.of(1, 2, 3, 4));
    const before = await sums.parts();
    const refused = expect(sums.add(Float32Array.of(5, 6, 7, value))).rejects;
    await refused.toMatchObject({ reason, message: expect.stringMatching(message) });
    expect(await sums.parts()).toEqual(before);
  });

  it("rows of another width, statistics of one image, and parts of another width", async () => {
    const sums = new FeatureSums(2);
    await expect(sums.add(new Float32Array(3))).rejects.toMatchObject({ reason: "SHAPE_MISMATCH" });
    await sums.add(new Float32Array(2));
    await expect(sums.statistics()).rejects.toMatchObject({ reason: "TOO_FEW_IMAGES" });
    const parts = await sums.parts();
    expect(() => FeatureSums.fromParts(3, parts)).toThrow(expect.objectContaining({ reason: "SHAPE_MISMATCH" }));
  });
});
