import { expect, it } from "@jest/globals";
import { drawBatch } from "@tandem/diffusion";
import { sameBytes } from "../testing/golden.js";
import { draw } from "./draw.js";

const never = new AbortController().signal;
const options = { generator: "torch-cpu" as const, seeds: [3n, 9n, 2n ** 33n], sampleShape: [2, 5], labelDim: 4 };

it("gives what drawing the batch at once gives: noise, labels, and what comes after", async () => {
  const whole = drawBatch(options);
  const drawn = await draw({ ...options, labels: undefined }, never);
  expect(drawn.noise!.shape).toEqual(whole.noise!.shape);
  expect(sameBytes(drawn.noise!.data, whole.noise!.data)).toBe(true);
  expect(sameBytes(drawn.labels!.data, whole.labels!.data)).toBe(true);
  for (const [n, generator] of drawn.generators.entries())
    expect(generator.integer(1 << 20)).toBe(whole.generators[n]!.integer(1 << 20));
});

it("keeps given labels with their samples, and draws no noise when there is a start", async () => {
  const labels = { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) };
  const drawn = await draw({ ...options, labels, drawsNoise: false }, never);
  expect(drawn.noise).toBeUndefined();
  expect(drawn.labels).toEqual(labels);
});

it("stops between samples", async () => {
  await expect(draw({ ...options, labels: undefined }, AbortSignal.abort())).rejects.toMatchObject({
    name: "AbortError",
  });
});
