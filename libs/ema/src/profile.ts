/** @file Power-function EMA profiles (arXiv 2312.02696, Section 3, Appendix C; numerics, section 5). */
import { invalid } from "@tandem/errors";

/** From this relative standard deviation on no profile has it. */
export const MAX_STD = 0.289;

/**
 * Exponent gamma of the profile with relative standard deviation `std`: the largest real root of
 * g³ + 7 g² + (16 - std⁻²) g + (12 - std⁻²) (Eq. 126).
 * @param std sigma_rel, above 0 and below 0.289
 * @throws DomainError FIELD_INVALID
 */
export function exponentOf(std: number): number {
  if (!(std > 0 && std < MAX_STD)) throw invalid("std", std, `above 0 and below ${MAX_STD}`);
  const inverse = std ** -2;
  // The roots of a cubic with three real ones, by angles; the largest is that of angle 0 (Viète).
  const [a, b, c] = [7, 16 - inverse, 12 - inverse];
  const p = b - a ** 2 / 3;
  const q = (2 * a ** 3) / 27 - (a * b) / 3 + c;
  const radius = 2 * Math.sqrt(-p / 3);
  const angle = Math.acos(Math.max(-1, Math.min(1, (3 * q) / (p * radius)))) / 3;
  let root = radius * Math.cos(angle) - a / 3;
  for (let i = 0; i < 2; i++) {
    const value = ((root + a) * root + b) * root + c; // Newton removes what the angle's rounding left
    root -= value / ((3 * root + 2 * a) * root + b);
  }
  return root;
}

/** Relative standard deviation of a profile of exponent gamma >= 0 (Eq. 123). */
export function stdOf(exponent: number): number {
  return Math.sqrt((exponent + 1) / ((exponent + 2) ** 2 * (exponent + 3)));
}

/**
 * Decay of a step that ends at time `end` and lasts `length`: EMA <- EMA + (1 - beta)(theta - EMA) (Eq. 127).
 * @param end    training time after the step, any unit; above 0
 * @param length of the step, the same unit; at most `end`
 */
export function emaBeta(exponent: number, end: number, length: number): number {
  return (1 - length / end) ** (exponent + 1);
}
