/** @file A symmetric matrix as a tridiagonal one with the same eigenvalues. */

/** Diagonal [n] and what stands beside it [n - 1]. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
}

/** Householder's reduction (Golub and Van Loan, "Matrix Computations", 8.3.1). `matrix` [n, n] is overwritten. */
export function tridiagonalize(n: number, matrix: Float64Array): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    diagonal[k] = matrix[k * (n + 1)]!;
    if (k === n - 1) break;
    let norm = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = matrix[k * n + i]!;
      norm += v[i]! ** 2;
    }
    const alpha = v[k + 1]! > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    offDiagonal[k] = alpha;
    const scale = alpha * (alpha - v[k + 1]!); // |v|^2 / 2 of the reflector
    if (scale === 0) continue;
    v[k + 1]! -= alpha;
    let product = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += matrix[i * n + j]! * v[j]!;
      w[i] = sum / scale;
      product += w[i]! * v[i]!;
    }
    for (let i = k + 1; i < n; i++) w[i]! -= (product / (2 * scale)) * v[i]!;
    for (let i = k + 1; i < n; i++) for (let j = k + 1; j < n; j++) matrix[i * n + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
  }
  return { diagonal, offDiagonal };
}
