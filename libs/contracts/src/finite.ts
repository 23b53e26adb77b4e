/** @file Numbers that must be numbers: NaN and infinity are refused where they come in. */
import { DomainError, invalid } from "@tandem/errors";

/** Index of the first element that is NaN or infinite; -1 when all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // 0 times a finite number is 0, times anything else NaN: one pass without a branch finds out whether to look closer.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** Every element is finite. @throws DomainError FIELD_INVALID naming the field, the first bad element and its value */
export function checkFinite(values: Float32Array, field: string): void {
  const bad = firstNotFinite(values);
  if (bad === -1) return;
  throw new DomainError("FIELD_INVALID", `${field} holds ${values[bad]} at element ${bad}; all must be finite`, {
    field,
  });
}

/**
 * Noise levels of a batch.
 * @param sigma as the contract gives them: `count` values, or one for all; positive and finite
 * @returns [count]
 * @throws DomainError FIELD_INVALID
 */
export function readSigma(sigma: readonly number[], count: number, field = "sigma"): Float32Array {
  if (sigma.length !== 1 && sigma.length !== count)
    throw invalid(field, `${sigma.length} values`, count === 1 ? "a single value" : `1 or ${count} values`);
  for (const value of sigma)
    if (!(value > 0 && Number.isFinite(value))) throw invalid(field, value, "positive and finite");
  return sigma.length === count ? Float32Array.from(sigma) : new Float32Array(count).fill(sigma[0]!);
}
