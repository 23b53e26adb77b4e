/** @file The squared maximum mean discrepancy of two sets, with the kernel (x.y / d + 1)^3. */
import { type Matrix, matrix, type Products } from "../linear/products.js";
import { toMatrix } from "./tiles.js";

export interface Sides {
  readonly dim: number;
  /** Rows of the two sets, equally many: [m, dim]. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Rows of a symmetric product computed at a time: what lies left of the diagonal is left out. */
const STRIP = 256;

/** The unbiased estimator: the means of Kxx and Kyy without their diagonals, less twice that of Kxy with its own. */
export async function discrepancy(products: Products, { dim, x, y }: Sides): Promise<number> {
  const [a, b] = [toMatrix(x, dim), toMatrix(y, dim)];
  const m = a.rows;
  const within = (await aboveDiagonal(products, a)) + (await aboveDiagonal(products, b));
  const across = await sum(products, a, b, () => 0);
  return (2 * within) / (m * (m - 1)) - (2 * across) / (m * m);
}

/** Sum of the kernel over all pairs of different rows, each once. */
async function aboveDiagonal(products: Products, a: Matrix): Promise<number> {
  let total = 0;
  for (let first = 0; first < a.rows; first += STRIP) {
    const strip = part(a, first, Math.min(a.rows, first + STRIP));
    total += await sum(products, strip, part(a, first, a.rows), (row) => row + 1);
  }
  return total;
}

/** Sum of the kernel over rows of a and b: row by row, so that what is added is never far larger. @param from first row of b for a's */
async function sum(products: Products, a: Matrix, b: Matrix, from: (row: number) => number): Promise<number> {
  const values = new Float64Array(a.rows * b.rows);
  await products.multiply(a, b, matrix(values, a.rows, b.rows), { transposeB: true });
  let total = 0;
  for (let i = 0; i < a.rows; i++) {
    let row = 0;
    for (let at = i * b.rows + from(i); at < (i + 1) * b.rows; at++) {
      const base = values[at]! / a.columns + 1;
      row += base * base * base;
    }
    total += row;
  }
  return total;
}

const part = ({ data, columns }: Matrix, first: number, end: number): Matrix =>
  matrix(data.subarray(first * columns, end * columns), end - first, columns);
