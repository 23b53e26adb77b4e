/** @file Gradients as the reference has them: of stored weights, where the step's are of normalized ones. For tests. */
import { toState } from "@tandem/networks";
import type { TrainingStep } from "../step/training-step.js";

/** Gradient with respect to the stored tensor, which the graph's is not: on through the normalization (numerics, section 2). */
export function storedGradient(step: TrainingStep, name: string, rounds: number): Float32Array {
  const { place, raw, gradient } = step.gradient(name);
  const { tensor } = place;
  if (tensor.role === "gain" || rounds > 1) return toState(tensor, gradient);
  const { taps, outputs, channels } = tensor;
  const fan = taps * channels;
  const result = new Float32Array(gradient.length);
  for (let output = 0; output < outputs; output++) {
    const at = (i: number) => (Math.floor(i / channels) * outputs + output) * channels + (i % channels);
    const indices = Array.from({ length: fan }, (_, i) => at(i));
    const forced = 1e-4 + Math.sqrt(indices.reduce((sum, i) => sum + raw[i]! ** 2, 0) / fan);
    const stored = indices.map((i) => raw[i]! / forced);
    const rms = Math.sqrt(stored.reduce((sum, value) => sum + value ** 2, 0) / fan);
    const product = stored.reduce((sum, value, i) => sum + value * gradient[indices[i]!]!, 0);
    const length = 1e-4 + rms;
    for (const [i, index] of indices.entries())
      result[index] = gradient[index]! / length - (stored[i]! * product) / (length * length * fan * rms);
  }
  return toState(tensor, result);
}
