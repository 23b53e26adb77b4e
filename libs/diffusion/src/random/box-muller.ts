/**
 * @file Box-Muller as PyTorch computes it on x86 CPUs with AVX2, bit for bit.
 *
 * n1 = sqrt(-2 ln u1) cos(2 pi u2), n2 = sqrt(-2 ln u1) sin(2 pi u2), eight pairs at a time, all in float32. Logarithm, sine
 * and cosine are the single-precision Cephes polynomials (S. Moshier, netlib.org/cephes). The compiler that builds PyTorch
 * fuses a multiplication into the addition after it, so where `fma` stands below decides the last bit; the places were found
 * by comparing with PyTorch's output, and the golden data holds them.
 */

const { fround } = Math;

/** Values of a block: eight pairs, 8 apart. */
export const BLOCK = 16;

const TWO_PI = fround(2 * Math.PI);

/** Turns uniforms in [0, 1) at start ... start + 15 into normals, in place. */
export function boxMullerBlock(values: Float32Array, start: number): void {
  const half = BLOCK / 2;
  for (let i = start; i < start + half; i++) {
    const radius = fround(Math.sqrt(-2 * log(fround(1 - values[i]!))));
    rotate(values, i, i + half, radius, fround(TWO_PI * values[i + half]!));
  }
}

/**
 * a * b + c for float32. The product is exact in float64, so the sum is rounded to 53 bits and then to 24: twice, where
 * hardware rounds once. With the 2^24 uniforms that there are, log and rotate give the same either way: all were tried.
 */
function fma(a: number, b: number, c: number): number {
  return fround(a * b + c);
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(fround) as [number, number, number, number, number, number, number, number, number];
const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = LOG;
const SQRT_HALF = fround(Math.SQRT1_2);
const LN2_LOW = fround(-2.1219444e-4);
const LN2_HIGH = fround(0.693359375);

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** ln(u) for a float32 u in (0, 1]: u = m 2^e with m in [sqrt(1/2), sqrt(2)), then a polynomial in m - 1. */
function log(u: number): number {
  float[0] = u;
  const word = bits[0]!;
  let exponent = (word >>> 23) - 126;
  bits[0] = (word & 0x007fffff) | 0x3f000000;
  const mantissa = float[0];
  let x = fround(mantissa - 1);
  if (mantissa < SQRT_HALF) {
    exponent -= 1;
    x = fround(x + mantissa);
  }
  const square = fround(x * x);
  let y = fma(L0, x, L1);
  y = fma(y, x, L2);
  y = fma(y, x, L3);
  y = fma(y, x, L4);
  y = fma(y, x, L5);
  y = fma(y, x, L6);
  y = fma(y, x, L7);
  y = fma(y, x, L8);
  y = fma(fround(y * x), square, fround(exponent * LN2_LOW));
  y = fma(-0.5, square, y);
  return fma(exponent, LN2_HIGH, fround(x + y));
}

const FOUR_OVER_PI = fround(1.27323954473516);
const PI_4_HIGH = fround(-0.78515625);
const PI_4_MIDDLE = fround(-2.418756484985352e-4);
const PI_4_LOW = fround(-3.774894977445941e-8);
const C0 = fround(2.443315711809948e-5);
const C1 = fround(-1.388731625493765e-3);
const C2 = fround(4.166664568298827e-2);
const S0 = fround(-1.9515295891e-4);
const S1 = fround(8.3321608736e-3);
const S2 = fround(-1.6666654611e-1);

/** values[atCos] = radius cos(angle), values[atSin] = radius sin(angle), for an angle in [0, 2 pi]. */
function rotate(values: Float32Array, atCos: number, atSin: number, radius: number, angle: number): void {
  // The octant, rounded up to even: j pi/4 is the nearest multiple of pi/2, and |x| <= pi/4 remains.
  const j = (Math.trunc(fround(angle * FOUR_OVER_PI)) + 1) & ~1;
  let x = fma(j, PI_4_HIGH, angle);
  x = fma(j, PI_4_MIDDLE, x);
  x = fma(j, PI_4_LOW, x);
  const square = fround(x * x);
  let c = fma(C0, square, C1);
  c = fma(c, square, C2);
  c = fma(fround(c * square), square, -0.5 * square);
  c = fround(c + 1);
  let s = fma(S0, square, S1);
  s = fma(s, square, S2);
  s = fma(fround(s * square), x, x);
  const isSwapped = (j & 2) !== 0;
  const cos = isSwapped ? s : c;
  const sin = isSwapped ? c : s;
  values[atCos] = radius * (((j - 2) & 4) === 0 ? -cos : cos);
  values[atSin] = radius * ((j & 4) === 0 ? sin : -sin);
}
