/** A sample is its seed: the same noise and label whatever stands beside it in the batch. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { drawBatch } from "./draw-batch.js";
import type { GeneratorName } from "./random/index.js";
import { readGoldenTensors } from "./testing/golden.js";

const golden = new URL("../../../e2e/golden/", import.meta.url);
const runs = ["sampler", "digits"].flatMap((folder) =>
  readdirSync(new URL(folder, golden))
    .filter((file) => file.endsWith(".json"))
    .map((file) => `${folder}/${file.slice(0, -".json".length)}`),
);

describe("start noise and labels equal the reference's", () => {
  it.each(runs)("%s", (run) => {
    const settings = JSON.parse(readFileSync(new URL(`${run}.json`, golden), "utf8"));
    const { noise, labels } = readGoldenTensors(new URL(`${run}.safetensors`, golden));
    const batch = drawBatch({
      generator: "torch-cpu",
      seeds: settings.seeds,
      sampleShape: noise!.shape.slice(1),
      labelDim: labels!.shape[1]!,
      labels: typeof settings.class_idx === "number" ? [settings.class_idx] : undefined,
    });
    expect(batch.noise).toEqual(noise);
    expect(batch.labels).toEqual(labels);
  });
});

describe.each<GeneratorName>(["torch-cpu", "torch-cuda"])("a batch drawn from %s", (generator) => {
  const options = { generator, seeds: [3, 4, 5], sampleShape: [2, 3], labelDim: 5 };
  const draw = (more: Partial<Parameters<typeof drawBatch>[0]> = {}) => drawBatch({ ...options, ...more });

  it("consists of the samples that its seeds give alone", () => {
    const batch = draw();
    const alone = draw({ seeds: [4] });
    expect(batch.noise!.data.slice(6, 12)).toEqual(alone.noise!.data);
    expect(batch.labelIndices![1]).toBe(alone.labelIndices![0]);
  });

  it("has rows that fit its classes", () => {
    const { labels, labelIndices } = draw();
    expect(labels!.shape).toEqual([3, 5]);
    labelIndices!.forEach((label, n) => {
      expect(labels!.data.indexOf(1, n * 5)).toBe(n * 5 + label);
    });
    expect(labels!.data.reduce((sum, value) => sum + value)).toBe(3);
  });

  it("draws a label even when one is given, so that later draws are the same", () => {
    const [free, fixed, row] = [
      draw(),
      draw({ labels: [2] }),
      draw({ labels: { shape: [1, 5], data: new Float32Array(5) } }),
    ];
    expect(fixed.labelIndices).toEqual([2, 2, 2]);
    expect(fixed.noise).toEqual(free.noise);
    expect(row.labelIndices).toBeUndefined();
    const next = free.generators[0]!.normal(6);
    expect(fixed.generators[0]!.normal(6)).toEqual(next);
    expect(row.generators[0]!.normal(6)).toEqual(next);
  });

  it("has zero rows for class -1", () => {
    expect([...draw({ labels: [0, -1, 1] }).labels!.data]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  it("draws no label for an unconditional model, and ignores those given", () => {
    const { labels, labelIndices, generators } = draw({ labelDim: 0, labels: [7] });
    expect([labels, labelIndices]).toEqual([undefined, undefined]);
    const plain = draw({ labelDim: 0 });
    expect(generators[0]!.normal(6)).toEqual(plain.generators[0]!.normal(6));
  });

  it("draws no noise when the run starts from something else", () => {
    const { noise, generators } = draw({ labelDim: 0, drawsNoise: false });
    expect(noise).toBeUndefined();
    expect(generators[1]!.normal(6)).toEqual(draw({ labelDim: 0 }).noise!.data.slice(6, 12));
  });

  it.each([
    ["LABEL_OUT_OF_RANGE", { labels: [5] }, { label_dim: 5 }],
    ["LABEL_OUT_OF_RANGE", { labels: [0, -2, 0] }, { label_dim: 5 }],
    ["LABEL_OUT_OF_RANGE", { labels: [0.5] }, { label_dim: 5 }],
    [
      "SHAPE_MISMATCH",
      { labels: { shape: [2, 5], data: new Float32Array(10) } },
      { expected: "[3,5]", actual: "[2,5]" },
    ],
    [
      "SHAPE_MISMATCH",
      { labels: { shape: [3, 4], data: new Float32Array(12) } },
      { expected: "[3,5]", actual: "[3,4]" },
    ],
  ])("refuses labels that do not fit: %s", (reason, more, metadata) => {
    expect(() => draw(more)).toThrow(
      expect.objectContaining({ reason, details: expect.objectContaining({ field: "labels", metadata }) }),
    );
  });

  it.each([{ seeds: [] }, { seeds: [-1] }, { labels: [1, 2] }])("refuses %j", (more) => {
    expect(() => draw(more)).toThrow(expect.objectContaining({ reason: "FIELD_INVALID" }));
  });
});
