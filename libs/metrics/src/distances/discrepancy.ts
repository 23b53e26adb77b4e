/** @file The squared maximum mean discrepancy of two sets, with the kernel (x.y / d + 1)^3. */
import { type Matrix, matrix, type Products } from "../linear/products.js";
import { toMatrix } from "./tiles.js";

export interface Sides {
  readonly dim: number;
  /** Rows of the two sets, equally many: [m, dim]. */
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** The unbiased estimator: the means of Kxx and Kyy without their diagonals, less twice that of Kxy with its own. */
export async function discrepancy(products: Products, { dim, x, y }: Sides): Promise<number> {
  const [a, b] = [toMatrix(x, dim), toMatrix(y, dim)];
  const m = a.rows;
  const kernel = matrix(new Float64Array(m * m), m, m);
  const sum = async (left: Matrix, right: Matrix) => {
    await products.multiply(left, right, kernel, { transposeB: true });
    return sums(kernel, dim);
  };
  const [xx, yy, xy] = [await sum(a, a), await sum(b, b), await sum(a, b)];
  return (xx.all - xx.diagonal + yy.all - yy.diagonal) / (m * (m - 1)) - (2 * xy.all) / (m * m);
}

/** Sums of the kernel over all products and over the diagonal: row by row, so that what is added is never far larger. */
function sums({ data, rows: m }: Matrix, dim: number): { all: number; diagonal: number } {
  let all = 0;
  let diagonal = 0;
  for (let i = 0; i < m; i++) {
    let row = 0;
    for (let j = 0; j < m; j++) row += (data[i * m + j]! / dim + 1) ** 3;
    all += row;
    diagonal += (data[i * m + i]! / dim + 1) ** 3;
  }
  return { all, diagonal };
}
