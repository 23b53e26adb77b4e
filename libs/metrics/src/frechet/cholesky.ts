/** @file Cholesky's factorization of a covariance, singular or not. */

/**
 * S = L L^T with L [d, rank], row-major. The largest diagonal that is left comes next (complete pivoting: Higham, "Accuracy and
 * Stability of Numerical Algorithms", 10.3); when it is rounding noise, the rank is reached.
 */
export function choleskyFactor(dim: number, sigma: Float64Array): { rank: number; factor: Float64Array } {
  const rest = sigma.slice();
  const columns: Float64Array[] = [];
  let largest = 0;
  for (let i = 0; i < dim; i++) largest = Math.max(largest, rest[i * (dim + 1)]!);
  const noise = largest * dim * Number.EPSILON;
  while (columns.length < dim) {
    let pivot = 0;
    for (let i = 1; i < dim; i++) if (rest[i * (dim + 1)]! > rest[pivot * (dim + 1)]!) pivot = i;
    const value = rest[pivot * (dim + 1)]!;
    if (!(value > noise)) break;
    const root = Math.sqrt(value);
    const column = rest.slice(pivot * dim, (pivot + 1) * dim).map((entry) => entry / root);
    for (let i = 0; i < dim; i++) for (let j = 0; j < dim; j++) rest[i * dim + j]! -= column[i]! * column[j]!;
    for (let i = 0; i < dim; i++) rest[pivot * dim + i] = rest[i * dim + pivot] = 0;
    columns.push(column);
  }
  const rank = columns.length;
  const factor = new Float64Array(dim * rank);
  for (const [j, column] of columns.entries()) for (let i = 0; i < dim; i++) factor[i * rank + j] = column[i]!;
  return { rank, factor };
}
