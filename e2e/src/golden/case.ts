/** @file A golden case: one comparison of ours with the reference's. */

/** How far ours is from the reference, in the unit in which the tolerance is stated. */
export interface Outcome {
  readonly error: number;
  readonly tolerance: number;
}

/** One comparison, run when it is wanted. */
export interface GoldenCase {
  /** Where it comes from inside the folder, e.g. `network/cond`: what a section selects. */
  readonly section: string;
  /** What is compared, e.g. `denoised`. */
  readonly name: string;
  run(): Promise<Outcome>;
}

/** Largest absolute difference; infinite when a value is not a number or the lengths differ. */
export function maxDifference(ours: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (ours.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i]! - expected[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** Difference relative to the largest expected value, compared with a relative tolerance. */
export function relative(ours: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): Outcome {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  const difference = maxDifference(ours, expected);
  return { error: difference === 0 ? 0 : difference / largest, tolerance };
}

/** Bit for bit: the number of elements that differ. */
export function exact(ours: ArrayLike<number>, expected: ArrayLike<number>): Outcome {
  let different = Math.abs(ours.length - expected.length);
  for (let i = 0; i < Math.min(ours.length, expected.length); i++) if (!Object.is(ours[i], expected[i])) different++;
  return { error: different, tolerance: 0 };
}

/** Facts that are equal or not. */
export function equal(isEqual: boolean): Outcome {
  return { error: isEqual ? 0 : 1, tolerance: 0 };
}
