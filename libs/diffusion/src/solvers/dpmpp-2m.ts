/** @file DPM-Solver++(2M): second order from one evaluation a step, by remembering the one before. */
import type { Solver } from "./solver.js";

/**
 * Algorithm 2 of the paper for alpha = 1, so lambda = -ln sigma and e^(-h) = next / sigma:
 *   h = ln(sigma / next),  r = h_before / h
 *   D' = (1 + 1 / (2 r)) D - 1 / (2 r) D_before
 *   x' = (next / sigma) x + (1 - next / sigma) D'
 * The first step has nothing before it, and the last (next = 0, h infinite) would extrapolate without bound: both use D, first
 * order, as the paper's lower-order start and final steps do.
 * @see arXiv 2211.01095, Algorithm 2
 */
export const dpmpp2m: Solver = {
  order: 2,
  takesChurn: false,
  levels: (sigma) => [sigma],
  start: () => {
    let before: { denoised: Float32Array; h: number } | undefined;
    return async ({ x, out, sigma, next, evaluate }) => {
      const denoised = await evaluate(x, sigma);
      const h = Math.log(sigma / next);
      const keep = next / sigma;
      if (before === undefined || next === 0) {
        for (let i = 0; i < out.length; i++) out[i] = keep * x[i]! + (1 - keep) * denoised[i]!;
      } else {
        const past = before.denoised;
        const extra = h / before.h / 2;
        for (let i = 0; i < out.length; i++) {
          out[i] = keep * x[i]! + (1 - keep) * ((1 + extra) * denoised[i]! - extra * past[i]!);
        }
      }
      before = { denoised, h };
      return denoised;
    };
  },
};
