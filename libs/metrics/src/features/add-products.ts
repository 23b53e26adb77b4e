/**
 * @file Adds images to exact totals. A feature's integer has 43 bits, v = 2^22 h + l with h and l of 22 bits, so
 * v v' = 2^44 h h' + 2^22 (h l' + l h') + l l', and with s = h + l the middle is s s' - h h' - l l': three symmetric products. Over
 * 512 images none exceeds 2^53, so onnxruntime's float64 products are exact in whatever order it adds (Ozaki et al. 2012).
 */
import { type Matrix, matrix, type Products } from "../linear/products.js";
import { BASE, FRACTION, ROUND } from "./fixed-point.js";

/** Most images of one call. */
export const BATCH = 512;
/** Rows of the products computed at a time: their part left of the diagonal is left out. */
const STRIP = 512;
const HALF = 2 ** 22;

export interface AddProducts {
  readonly dim: number;
  /** Features [images, dim], at most BATCH images, in range. */
  readonly rows: Float32Array;
  /** Digits of the totals, in shared buffers: sums [dim], and products [dim, dim] of which the upper triangle is kept. */
  readonly sum: readonly Float64Array[];
  readonly outer: readonly Float64Array[];
}

/** One set of buffers, kept for the next batch. */
let buffers:
  | { size: number; high: Float64Array; low: Float64Array; both: Float64Array; products: Float64Array }
  | undefined;

export async function addProducts(products: Products, { dim, rows, sum, outer }: AddProducts): Promise<void> {
  const images = rows.length / dim;
  const slices = split(dim, images, rows, sum);
  const strip = Math.min(STRIP, dim);
  for (let first = 0; first < dim; first += strip) {
    const height = Math.min(strip, dim - first);
    const width = dim - first;
    const size = height * width;
    const results: Float64Array[] = [];
    for (const [i, slice] of slices.entries()) {
      const into = buffers!.products.subarray(i * strip * dim, i * strip * dim + size);
      const left: Matrix = matrix(slice.subarray(first * images, (first + height) * images), height, images);
      const right: Matrix = matrix(slice.subarray(first * images, dim * images), width, images);
      await products.multiply(left, right, matrix(into, height, width), { transposeB: true });
      results.push(into);
    }
    for (let i = 0; i < height; i++) addRow(results, i * width, outer, (first + i) * dim + first, width);
  }
}

/** The slices h, l and h + l, each [dim, images]; adds the features' sums on the way. */
function split(dim: number, images: number, rows: Float32Array, sum: readonly Float64Array[]): Float64Array[] {
  const size = dim * BATCH;
  if (buffers?.size !== size) {
    const make = () => new Float64Array(size);
    buffers = {
      size,
      high: make(),
      low: make(),
      both: make(),
      products: new Float64Array(3 * Math.min(STRIP, dim) * dim),
    };
  }
  const { high, low, both } = buffers;
  const [sum0, sum1] = sum as [Float64Array, Float64Array];
  for (let j = 0; j < dim; j++) {
    let total = sum0[j]!;
    for (let i = 0, at = j * images; i < images; i++, at++) {
      const value = rows[i * dim + j]! * 2 ** FRACTION + ROUND - ROUND;
      const h = value / HALF + ROUND - ROUND;
      const l = value - h * HALF;
      high[at] = h;
      low[at] = l;
      both[at] = h + l;
      total += value;
    }
    const carry = Math.floor(total / BASE + 0.5);
    sum0[j] = total - carry * BASE;
    sum1[j]! += carry;
  }
  return [high, low, both];
}

/** Adds a row of the three products to the digits. */
function addRow(
  results: readonly Float64Array[],
  from: number,
  outer: readonly Float64Array[],
  to: number,
  count: number,
): void {
  const [highs, lows, boths] = results as [Float64Array, Float64Array, Float64Array];
  const [d0, d1, d2] = outer as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < count; i++) {
    const hh = highs[from + i]!;
    const ll = lows[from + i]!;
    const middle = boths[from + i]! - hh - ll;
    const upper = middle / HALF + ROUND - ROUND;
    const total0 = d0[to + i]! + ll + (middle - upper * HALF) * HALF;
    const carry0 = Math.floor(total0 / BASE + 0.5);
    d0[to + i] = total0 - carry0 * BASE;
    const total1 = d1[to + i]! + hh + upper + carry0;
    const carry1 = Math.floor(total1 / BASE + 0.5);
    d1[to + i] = total1 - carry1 * BASE;
    d2[to + i]! += carry1;
  }
}
