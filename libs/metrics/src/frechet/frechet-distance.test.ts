/**
 * Everything that is published about a network is one number of this kind; a change in its fifth digit is a change of what
 * people believe. Compared with exact values (singular values of the centred features), not with other roots of matrices.
 */
import { describe, expect, it } from "@jest/globals";
import { FeatureSums } from "../features/feature-sums.js";
import type { Features } from "../features/features.js";
import { goldenJson, goldenTensors } from "../test-files.js";
import { frechetDistance } from "./frechet-distance.js";

interface Expected {
  readonly exact: { readonly value: number; readonly trace_sum: number };
}

const cases = goldenJson<Record<string, Expected>>("features/frechet_edge/expected.json");
const fullRank = ["generic", "identical_full_rank", "dead_features", "one_dimension"];
const singular = ["few_samples", "identical", "identical_reordered", "two_samples"];

async function gaussianOf({ dim, rows }: Features) {
  const sums = new FeatureSums(dim);
  await sums.add(rows);
  return sums.statistics();
}

async function errorOf(name: string): Promise<number> {
  const tensors = await goldenTensors("features/frechet_edge/data.safetensors");
  const [a, b] = [await gaussianOf(tensors.features(`${name}.a`)), await gaussianOf(tensors.features(`${name}.b`))];
  return Math.abs((await frechetDistance(a, b)) - cases[name]!.exact.value);
}

describe("the Fréchet distance is the exact one", () => {
  it.each(fullRank)("of covariances of full rank: %s", async (name) => {
    expect(await errorOf(name)).toBeLessThan(1e-9 * cases[name]!.exact.trace_sum);
  });

  it.each(singular)("of singular covariances: %s", async (name) => {
    expect(await errorOf(name)).toBeLessThan(1e-7 * cases[name]!.exact.trace_sum);
  });

  it("of features far from zero, whose means cancel", async () => {
    expect(await errorOf("large_offset")).toBeLessThan(1e-8);
  });

  it.each(["constant_both", "constant_same", "constant_one"])("of features that do not vary: %s", async (name) => {
    expect(await errorOf(name)).toBeLessThan(1e-9);
  });

  it.each(goldenJson<{ case: number; frechet: number }[]>("metrics/frechet.json"))(
    "of the reference's statistics: case $case",
    async ({ case: index, frechet }) => {
      const tensors = await goldenTensors("metrics/frechet.safetensors");
      const of = (side: "a" | "b") => ({
        numImages: tensors.features(`${index}/${side}`).rows.length / tensors.features(`${index}/${side}`).dim,
        mu: tensors.numbers(`${index}/mu_${side}`),
        sigma: tensors.numbers(`${index}/sigma_${side}`),
      });
      const [a, b] = [of("a"), of("b")];
      const trace = [a, b].reduce(
        (sum, { mu, sigma }) => sum + mu.reduce((t, _, i) => t + sigma[i * (mu.length + 1)]!, 0),
        0,
      );
      expect(Math.abs((await frechetDistance(a, b)) - frechet)).toBeLessThan(1e-7 * trace);
    },
  );
});

describe("the Fréchet distance refuses", () => {
  const gaussian = (dim: number, value = 1) => ({
    numImages: 9,
    mu: new Float64Array(dim),
    sigma: new Float64Array(dim * dim).fill(value),
  });

  it("statistics of another width", async () => {
    await expect(frechetDistance(gaussian(2), gaussian(3))).rejects.toMatchObject({ reason: "SHAPE_MISMATCH" });
  });

  it("a covariance that is not finite", async () => {
    await expect(frechetDistance(gaussian(2), gaussian(2, Number.NaN))).rejects.toMatchObject({ reason: "NOT_FINITE" });
  });

  it("statistics of one image", async () => {
    await expect(frechetDistance({ ...gaussian(2), numImages: 1 }, gaussian(2))).rejects.toMatchObject({
      reason: "TOO_FEW_IMAGES",
    });
  });
});
