/** @file L^T S L, where L is a triangle: half of what products of whole matrices would cost. */
import { BLOCK, type Factor } from "./cholesky.js";
import { type Matrix, matrix, type Products } from "./products.js";

/**
 * L^T S L [rank, rank].
 * @param s [n, n], symmetric, its rows and columns in the factor's order
 * @param into [rank, rank]
 */
export async function congruence(
  n: number,
  s: Float64Array,
  { rank, blocks }: Factor,
  into: Float64Array,
  products: Products,
): Promise<void> {
  const product = new Float64Array(n * BLOCK);
  const square = new Float64Array(BLOCK * BLOCK);
  for (const [j, right] of blocks.entries()) {
    const firstColumn = j * BLOCK;
    // Rows above a block's first column are zero, so columns of S before it do not matter: rows, since S is symmetric.
    const lower = below(right, firstColumn);
    const times = matrix(product.subarray(0, n * right.columns), n, right.columns);
    await products.multiply(matrix(s.subarray(firstColumn * n), n - firstColumn, n), lower, times, {
      transposeA: true,
    });
    for (let i = j; i < blocks.length; i++) {
      const left = blocks[i]!;
      const firstRow = i * BLOCK;
      const tile = matrix(square.subarray(0, left.columns * right.columns), left.columns, right.columns);
      await products.multiply(below(left, firstRow), below(times, firstRow), tile, { transposeA: true });
      place(into, rank, tile, firstRow, firstColumn);
    }
  }
}

/** A matrix without its first rows. */
const below = ({ data, rows, columns }: Matrix, first: number): Matrix =>
  matrix(data.subarray(first * columns), rows - first, columns);

/** A tile and its mirror. */
function place(
  into: Float64Array,
  size: number,
  { data, rows, columns }: Matrix,
  firstRow: number,
  firstColumn: number,
): void {
  for (let i = 0; i < rows; i++) {
    const row = (firstRow + i) * size + firstColumn;
    for (let j = 0; j < columns; j++) {
      const value = data[i * columns + j]!;
      into[row + j] = value;
      into[(firstColumn + j) * size + firstRow + i] = value;
    }
  }
}
