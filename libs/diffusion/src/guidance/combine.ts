/** @file The arithmetic of guidance, in one fixed order of operations. */

/** A guiding model's answer for one sample, and its weight. */
export interface Pull {
  /** D_k for the sample. */
  readonly denoised: Float32Array;
  /** w_k */
  readonly weight: number;
}

const { fround } = Math;

/**
 * D = D_0 + sum over the pulls, in order, of (w_k - 1) (D_0 - D_k), into `out`. Each difference and each partial sum is rounded
 * to float32. A single pull with |w| < 0.5 is D_k + w (D_0 - D_k): near w = 0 the other form cancels.
 * @param main  D_0 of the sample; not changed
 * @param pulls the terms active for the sample, at least one
 * @param out   receives D; not `main`
 */
export function combine(main: Float32Array, pulls: readonly Pull[], out: Float32Array): void {
  const [only] = pulls;
  if (pulls.length === 1 && only !== undefined && Math.abs(only.weight) < 0.5) {
    const weight = fround(only.weight);
    const guide = only.denoised;
    for (let i = 0; i < out.length; i++) out[i] = guide[i]! + weight * fround(main[i]! - guide[i]!);
    return;
  }
  out.set(main);
  for (const { denoised: guide, weight } of pulls) {
    const strength = fround(fround(weight) - 1);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + strength * fround(main[i]! - guide[i]!);
  }
}
