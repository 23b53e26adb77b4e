/**
 * @file tr (S1 S2)^1/2. With S1 = L L^T the eigenvalues of S1 S2 are those of L^T S2 L, which is symmetric: no root of a matrix is
 * needed, and singular covariances are a case like any other. Large pivots come first, so the matrix falls from its first row to its
 * last, and reductions that go that way keep the digits of small eigenvalues, whose roots are not small.
 */
import { HALF_WIDTH, toBand } from "../linear/band.js";
import { choleskyFactor } from "../linear/cholesky.js";
import { congruence } from "../linear/congruence.js";
import type { Products } from "../linear/products.js";
import { tridiagonalEigenvalues } from "../linear/tridiagonal-eigenvalues.js";
import { Workspace } from "../linear/workspace.js";

/** Two covariances [dim, dim], symmetric. */
export interface Covariances {
  readonly dim: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

export async function rootTrace(products: Products, { dim, first, second }: Covariances): Promise<number> {
  const width = Math.min(HALF_WIDTH, Math.max(1, dim - 1));
  const work = new Workspace(2 * dim * dim + 700 * dim + 5 * width * (dim + width));
  const matrix = work.floats(dim * dim);
  matrix.set(first);
  const factor = await choleskyFactor(dim, matrix, work, products);
  const { rank } = factor;
  if (rank === 0) return 0;
  const other = work.floats(dim * dim);
  inOrder(dim, second, factor.order, other);
  await congruence(dim, other, factor, matrix, products);
  const band = await toBand(rank, matrix, other, width, work, products);
  work.kernel.chase(band.byteOffset, rank, width, work.floats(3 * width).byteOffset);
  const diagonal = new Float64Array(rank);
  const beside = new Float64Array(rank - 1);
  for (let j = 0; j < rank; j++) {
    diagonal[j] = band[j * 2 * width]!;
    if (j < rank - 1) beside[j] = band[j * 2 * width + 1]!;
  }
  let sum = 0;
  for (const value of tridiagonalEigenvalues(diagonal, beside).sort()) sum += Math.sqrt(Math.max(0, value));
  return sum;
}

/** Rows and columns in another order. */
function inOrder(dim: number, matrix: Float64Array, order: Int32Array, into: Float64Array): void {
  for (let i = 0; i < dim; i++) {
    const row = order[i]! * dim;
    for (let j = 0; j < dim; j++) into[i * dim + j] = matrix[row + order[j]!]!;
  }
}
