/**
 * @file Mean and covariance of exact totals. What is subtracted, sums of products and products of sums, may agree in many
 * digits; both are held here in pairs of float64 (Dekker, "A floating-point technique for extending the available precision", 1971),
 * 106 bits, so that the difference is right to the last bits of its own.
 */
import type { Gaussian } from "../gaussian.js";
import type { Products } from "../linear/products.js";
import type { FeatureParts } from "./feature-sums.js";
import { BASE, FRACTION } from "./fixed-point.js";

/** Splits a float64 into two of half the bits. */
const SPLIT = 2 ** 27 + 1;

/** mu = S / n and sigma = (T - S S^T / n) / (n - 1), of which T's upper triangle is read. n >= 2. */
export function gaussianOf(
  _products: Products,
  { dim, numImages: n, sum, outer }: FeatureParts & { readonly dim: number },
): Gaussian {
  const total = Float64Array.from(sum[1]!, (high, i) => high * BASE + sum[0]![i]!);
  const rest = total.map((value, i) => sum[1]![i]! * BASE - value + sum[0]![i]!);
  const mean = total.map((value) => value / n);
  // S - n mean, exactly but for a last rounding: the lower half of S / n.
  const meanRest = mean.map((value, i) => {
    const product = value * n;
    return (total[i]! - product - lowProduct(value, n, product) + rest[i]!) / n;
  });
  const mu = mean.map((value) => value / 2 ** FRACTION);
  const sigma = new Float64Array(dim * dim);
  const unit = 2 ** (-2 * FRACTION);
  const [d0, d1, d2] = outer as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < dim; i++) {
    const s = total[i]!;
    const sRest = rest[i]!;
    for (let j = i; j < dim; j++) {
      const at = i * dim + j;
      const product = s * mean[j]!;
      const low = lowProduct(s, mean[j]!, product) + s * meanRest[j]! + sRest * mean[j]!;
      const high = d2[at]! * BASE * BASE;
      const top = high - product;
      const middle = d1[at]! * BASE;
      const both = top + middle;
      const bothLow = lowSum(high, -product, top) + lowSum(top, middle, both);
      const value = ((both + (bothLow + (d0[at]! - low))) / (n - 1)) * unit;
      sigma[at] = value;
      sigma[j * dim + i] = value;
    }
  }
  return { numImages: n, mu, sigma };
}

/** a + b - sum, where sum is a + b rounded. */
function lowSum(a: number, b: number, sum: number): number {
  const part = sum - b;
  return a - part + (b - (sum - part));
}

/** a b - product, where product is a b rounded. */
function lowProduct(a: number, b: number, product: number): number {
  const aBig = SPLIT * a;
  const a1 = aBig - (aBig - a);
  const a0 = a - a1;
  const bBig = SPLIT * b;
  const b1 = bBig - (bBig - b);
  const b0 = b - b1;
  return a0 * b0 - (product - a1 * b1 - a0 * b1 - a1 * b0);
}
