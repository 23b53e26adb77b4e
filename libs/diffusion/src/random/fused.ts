/** @file Float32 fused multiply-add in JavaScript, which has none. */

const { fround } = Math;

/**
 * a * b + c rounded once to float32; a, b, c are float32.
 *
 * The product of two float32 is exact in float64. The sum is rounded to 53 bits and then to 24; rounding twice differs from
 * rounding once only where the first lands exactly between two float32. There `2 sum - rounded` is the other neighbour, a
 * float32 itself: a test that costs little. It happens about once in 10^8 calls.
 */
export function fma(a: number, b: number, c: number): number {
  const sum = a * b + c;
  const rounded = fround(sum);
  const other = 2 * sum - rounded;
  return other !== rounded && fround(other) === other ? resolveTie(a * b, c, sum) : rounded;
}

/** Rounds a sum that lies between two float32 by what its first rounding cut off (Knuth's TwoSum). */
function resolveTie(product: number, c: number, sum: number): number {
  const cPart = sum - product;
  const lost = product - (sum - cPart) + (c - cPart);
  return fround(sum + Math.sign(lost) * Math.abs(sum) * 2 ** -50);
}
