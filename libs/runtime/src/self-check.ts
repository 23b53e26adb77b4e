/** @file Does a device compute what the CPU computes? Asked once, at load, with two small samples. */
import type { OnnxModel } from "@tandem/graph";
import type { InferenceSession } from "onnxruntime-node";
import { type Batch, type BatchResult, fixedBatch, sampleSize } from "./batch.js";
import { runSession } from "./session.js";

/** Inputs and outputs of a network. */
export type Specs = Pick<OnnxModel, "inputs" | "outputs">;

const SAMPLES = 2;

/** Inputs that suit noise levels as well as images: evenly spread over 0.1 to 1, the same at every load. */
export function checkBatch(specs: Specs): Batch {
  const inputs: Record<string, Float32Array<ArrayBuffer>> = {};
  const count = Math.min(SAMPLES, fixedBatch(specs.inputs) ?? SAMPLES);
  let state = 1;
  for (const spec of specs.inputs) {
    inputs[spec.name] = Float32Array.from({ length: count * sampleSize(spec) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator: any spread will do
      return 0.1 + (0.9 * state) / 2 ** 32;
    });
  }
  return { count, inputs, outputs: specs.outputs.map(({ name }) => name) };
}

/**
 * Compares a device's results with the CPU's.
 * @throws Error naming the output that deviates by more than `tolerance`, relative to its root mean square
 */
export async function compareWithCpu(
  specs: Specs,
  device: BatchResult["outputs"],
  cpu: InferenceSession,
  tolerance: number,
): Promise<void> {
  const { outputs } = await runSession(cpu, specs, checkBatch(specs));
  for (const { name } of specs.outputs) {
    const deviation = relativeDeviation(device[name]!, outputs[name]!);
    if (deviation <= tolerance) continue; // NaN is not
    throw new Error(
      `its ${name} differs from the CPU's by ${deviation.toExponential(1)}; at most ${tolerance} is accepted`,
    );
  }
}

/** Largest difference, relative to the root mean square of `expected`. NaN when either holds one; 0 for equal zeros. */
export function relativeDeviation(actual: Float32Array, expected: Float32Array): number {
  let largest = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= largest)) largest = difference; // keeps NaN
    if (Number.isNaN(largest)) return Number.NaN;
    squares += expected[i]! ** 2;
  }
  return largest === 0 ? 0 : largest / Math.sqrt(squares / expected.length);
}
