/** @file Euler's method. */
import type { Solver } from "./solver.js";

/** First order, one evaluation a step: x' = x + (next - sigma) (x - D(x; sigma)) / sigma. */
export const euler: Solver = {
  order: 1,
  takesChurn: true,
  levels: (sigma) => [sigma],
  start:
    () =>
    async ({ x, out, sigma, next, evaluate }) => {
      const denoised = await evaluate(x, sigma);
      for (let i = 0; i < out.length; i++) out[i] = x[i]! + (next - sigma) * ((x[i]! - denoised[i]!) / sigma);
      return denoised;
    },
};
