/** @file Heun's method, the sampler of EDM and EDM2. */
import type { Solver } from "./solver.js";

/**
 * Second order, two evaluations a step and one in the last: 2 N - 1 in all.
 *   d  = (x - D(x; sigma)) / sigma,   x'  = x + (next - sigma) d
 *   d' = (x' - D(x'; next)) / next,   x'' = x + (next - sigma) (d + d') / 2    unless next = 0
 * @see arXiv 2206.00364, Algorithm 1
 */
export const heun: Solver = {
  order: 2,
  takesChurn: true,
  levels: (sigma, next) => (next > 0 ? [sigma, next] : [sigma]),
  start: (size) => {
    const slope = new Float32Array(size);
    return async ({ x, out, sigma, next, evaluate }) => {
      const step = next - sigma;
      const denoised = await evaluate(x, sigma);
      for (let i = 0; i < size; i++) {
        slope[i] = (x[i]! - denoised[i]!) / sigma;
        out[i] = x[i]! + step * slope[i]!;
      }
      if (next === 0) return denoised;
      const corrected = await evaluate(out, next);
      for (let i = 0; i < size; i++) out[i] = x[i]! + step * ((slope[i]! + (out[i]! - corrected[i]!) / next) / 2);
      return corrected;
    };
  },
};
