/** @file The lower triangle of symmetric matrices, from the upper. */
import type { Products } from "../linear/products.js";

/** Rows and columns copied at a time, so that both lie in the cache. */
const TILE = 32;

/** Writes element (j, i) wherever (i, j) stands, j > i. @param matrices each [dim, dim], in shared buffers */
export function mirror(
  _products: Products,
  { dim, matrices }: { dim: number; matrices: readonly Float64Array[] },
): void {
  for (const matrix of matrices)
    for (let i0 = 0; i0 < dim; i0 += TILE)
      for (let j0 = i0; j0 < dim; j0 += TILE)
        for (let i = i0; i < Math.min(dim, i0 + TILE); i++)
          for (let j = Math.max(j0, i + 1); j < Math.min(dim, j0 + TILE); j++)
            matrix[j * dim + i] = matrix[i * dim + j]!;
}
