/** @file A symmetric matrix as a band matrix with the same eigenvalues: nearly all of it is products of large matrices. */
import { type Matrix, matrix, type Products } from "./products.js";
import { reflectorTriangle } from "./reflector-triangle.js";
import type { Workspace } from "./workspace.js";

/** Half width of the band. Wider: better products; narrower: less to chase. 32 to 96 differ by a tenth of the time. */
export const HALF_WIDTH = 48;

/**
 * Blocked Householder reduction to a band (Bischof, Lang and Sun, "A framework for symmetric band reduction", 2000).
 * @param a [n, n], in the workspace; overwritten
 * @param update as much again, scratch
 * @param b half width, below n unless n is 1
 * @returns [n, 2 b]: column j's element i at (j, i - j), i >= j; in the workspace
 */
export async function toBand(
  n: number,
  a: Float64Array,
  update: Float64Array,
  b: number,
  work: Workspace,
  products: Products,
): Promise<Float64Array> {
  const { kernel } = work;
  const band = work.floats(n * 2 * b);
  const reflectors = work.floats(b * n);
  const tau = work.floats(b);
  const r = work.floats(b * b);
  const put = (i: number, j: number, value: number) => {
    band[j * 2 * b + i - j] = value;
  };
  let first = 0;
  let rest = n; // a is [rest, rest], of which the first b rows and columns come next
  for (; rest > b + 1; first += b) {
    const m = rest - b;
    for (let j = 0; j < b; j++) {
      for (let i = j; i < b; i++) put(first + i, first + j, a[j * rest + i]!);
      reflectors.set(a.subarray(j * rest + b, (j + 1) * rest), j * m); // a column, being a row
    }
    kernel.reflectPanel(reflectors.byteOffset, b, m, tau.byteOffset, r.byteOffset);
    for (let j = 0; j < b; j++)
      for (let i = 0; i <= Math.min(j, m - 1); i++) put(first + b + i, first + j, r[i * b + j]!);
    const v = matrix(reflectors.subarray(0, b * m), b, m);
    const w = await otherSide(v, a, tau, update, products);
    await products.multiply(stacked(v, w), stacked(w, v), matrix(update.subarray(0, m * m), m, m), {
      transposeA: true,
    });
    const corner = a.byteOffset + b * (rest + 1) * 8;
    kernel.subtract(a.byteOffset, m * 8, corner, rest * 8, update.byteOffset, m * 8, m, m);
    rest = m;
  }
  for (let j = 0; j < rest; j++) for (let i = j; i < rest; i++) put(first + i, first + j, a[j * rest + i]!);
  return band;
}

/**
 * W, such that the reflectors I - V T V^T from both sides take A to A - V W^T - W V^T: W = Y - V (T^T V^T Y) / 2, Y = A V T.
 * @param v   V^T [b, m]
 * @param a   [m + b, m + b], of which the first b rows and columns do not count
 * @param wide scratch
 * @returns W^T [b, m]
 */
async function otherSide(
  v: Matrix,
  a: Float64Array,
  tau: Float64Array,
  wide: Float64Array,
  products: Products,
): Promise<Matrix> {
  const { rows: b, columns: m } = v;
  const triangle = await reflectorTriangle(v, tau, products);
  // The columns that do not count are computed, since rows lie dense, and left out.
  const product = matrix(wide.subarray(0, b * (m + b)), b, m + b);
  await products.multiply(v, matrix(a.subarray(b * (m + b), (m + b) ** 2), m, m + b), product);
  const va = empty(b, m);
  for (let j = 0; j < b; j++) va.data.set(product.data.subarray(j * (m + b) + b, (j + 1) * (m + b)), j * m);
  const y = empty(b, m);
  await products.multiply(triangle, va, y, { transposeA: true });
  const square = empty(b, b); // V^T Y
  await products.multiply(v, y, square, { transposeB: true });
  const middle = empty(b, b); // symmetric
  await products.multiply(triangle, square, middle, { transposeA: true });
  const half = empty(b, m);
  await products.multiply(middle, v, half);
  for (let i = 0; i < b * m; i++) y.data[i]! -= 0.5 * half.data[i]!;
  return y;
}

const empty = (rows: number, columns: number): Matrix => matrix(new Float64Array(rows * columns), rows, columns);

/** One matrix above the other. */
function stacked(upper: Matrix, lower: Matrix): Matrix {
  const both = empty(upper.rows + lower.rows, upper.columns);
  both.data.set(upper.data);
  both.data.set(lower.data, upper.data.length);
  return both;
}
