/** @file From seeds to a batch: start noise and labels, in the fixed order of draws. */
import { invalid } from "@tandem/errors";
import { type GivenLabels, labelRows, spread, spreadRows } from "./labels.js";
import type { Generator } from "./random/generator.js";
import { createGenerator, type GeneratorName } from "./random/index.js";
import { sizeOf, type Tensor } from "./tensor.js";

/** What to draw. */
export interface BatchOptions {
  readonly generator: GeneratorName;
  /** One per sample, 0 to 2^64 - 1. */
  readonly seeds: readonly (bigint | number)[];
  /** Shape of one sample. */
  readonly sampleShape: readonly number[];
  /** The main model's; 0 is unconditional. */
  readonly labelDim: number;
  /** Instead of the labels drawn; ignored by an unconditional model. */
  readonly labels?: GivenLabels | undefined;
  /** False when the run starts from something else: then no noise is drawn at all. Default true. */
  readonly drawsNoise?: boolean | undefined;
}

/** A batch, ready for `sample`. */
export interface Batch {
  /** Unit normal noise [N, ...sampleShape]; absent when none was asked for. */
  readonly noise: Tensor | undefined;
  /** Label rows [N, labelDim]; absent for an unconditional model. */
  readonly labels: Tensor | undefined;
  /** Class of each sample, -1 for none; absent for an unconditional model and for rows that were given. */
  readonly labelIndices: readonly number[] | undefined;
  /** One per sample, past the draws above: churn goes on from here. */
  readonly generators: readonly Generator[];
}

/**
 * Draws noise and labels, each sample from its own generator: first the noise; then, for a conditional model, a class in
 * [0, labelDim), drawn even when labels are given; what follows is churn's. So a sample depends on its seed alone, and a fixed
 * class changes nothing but the class.
 * @throws DomainError FIELD_INVALID (seeds), LABEL_OUT_OF_RANGE, SHAPE_MISMATCH (label rows)
 */
export function drawBatch(options: BatchOptions): Batch {
  const { seeds, sampleShape, labelDim, labels: given } = options;
  const count = seeds.length;
  if (count === 0) throw invalid("seeds", "empty", "at least one");
  const generators = seeds.map((seed) => createGenerator(options.generator, seed));
  const noise = (options.drawsNoise ?? true) ? drawNoise(generators, sampleShape) : undefined;
  if (labelDim === 0) return { noise, labels: undefined, labelIndices: undefined, generators };
  const drawn = generators.map((generator) => generator.integer(labelDim));
  if (given !== undefined && "data" in given) {
    return { noise, labels: spreadRows(given, count, labelDim), labelIndices: undefined, generators };
  }
  const labelIndices = given === undefined ? drawn : spread(given, count);
  return { noise, labels: labelRows(labelIndices, labelDim), labelIndices, generators };
}

function drawNoise(generators: readonly Generator[], sampleShape: readonly number[]): Tensor {
  const size = sizeOf(sampleShape);
  const data = new Float32Array(generators.length * size);
  generators.forEach((generator, n) => {
    generator.fillNormal(data.subarray(n * size, (n + 1) * size));
  });
  return { shape: [generators.length, ...sampleShape], data };
}
