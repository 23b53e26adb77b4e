/**
 * A latent dataset stores what the autoencoder knows of an image, not one latent: who always trains on the mean, or draws the same
 * latent in every epoch, gets another network than the published ones; who resumes must draw what would have been drawn.
 */
import { describe, expect, it } from "@jest/globals";
import { normalizeLatents, samplePosterior } from "@tandem/networks";
import { Draws } from "./draws.js";
import { encoder } from "./encoder.js";

const encoding = {
  kind: "latent" as const,
  autoencoder: "acme/tiny",
  rawMean: [1, -2],
  rawStd: [2, 0.5],
  finalMean: 0.25,
  finalStd: 0.5,
  downscale: 8,
};
const AREA = 2000;
const SIZE = 2 * AREA;

/** Two stored samples: mean 3 and deviation 2 everywhere, then mean -1 and deviation 0. */
const stored = Float32Array.from({ length: 4 * SIZE }, (_, i) => [3, 2, -1, 0][Math.floor(i / SIZE)]!);

function encoded(first: number, seed = 7n): Float32Array {
  const images = new Float32Array(2 * SIZE);
  encoder(encoding, SIZE)(stored, first, new Draws(seed), images);
  return images;
}

describe("latents in training", () => {
  it("are drawn from their posterior and normalized with the run's statistics", () => {
    const normals = new Float32Array(2 * SIZE);
    for (const i of [0, 1]) new Draws(7n).normal("posterior", 40 + i, normals.subarray(i * SIZE, (i + 1) * SIZE));
    const expected = normalizeLatents(samplePosterior(stored, SIZE, normals), encoding, AREA);
    const actual = encoded(40);
    expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-6);
  });

  it("have the mean and deviation that the posterior has, channel by channel", () => {
    const images = encoded(0);
    for (const c of [0, 1]) {
      const values = images.subarray(c * AREA, (c + 1) * AREA);
      const mean = values.reduce((a, b) => a + b, 0) / AREA;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / AREA);
      const { rawMean, rawStd } = encoding;
      expect(Math.abs(mean - (((3 - rawMean[c]!) / rawStd[c]!) * 0.5 + 0.25))).toBeLessThan(0.15);
      expect(deviation / ((2 / rawStd[c]!) * 0.5)).toBeCloseTo(1, 1);
      const certain = (-1 - rawMean[c]!) / rawStd[c]!;
      expect(new Set(images.subarray(SIZE + c * AREA, SIZE + (c + 1) * AREA))).toEqual(new Set([0.5 * certain + 0.25]));
    }
  });

  it("are drawn anew at every place of the run, and again the same there", () => {
    expect(encoded(2)).toEqual(encoded(2));
    expect(encoded(2).subarray(0, SIZE)).not.toEqual(encoded(4).subarray(0, SIZE));
    expect(encoded(2)).not.toEqual(encoded(2, 8n));
  });
});
