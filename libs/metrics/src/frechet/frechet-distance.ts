/** @file The Fréchet distance between Gaussians: what FID and FD-DINOv2 are. */
import { DomainError } from "@tandem/errors";
import { checkGaussian, type Gaussian } from "../gaussian.js";
import { choleskyFactor } from "./cholesky.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";
import { tridiagonalize } from "./tridiagonalize.js";

/**
 * |mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) (Heusel et al. 2017, arXiv 1706.08500, eq. 6).
 *
 * The eigenvalues of S1 S2 are those of the symmetric L^T S2 L with S1 = L L^T, so no root of a matrix is needed, and singular
 * covariances (fewer images than features) are a case like any other. Equal sets give 0 within rounding, possibly below it.
 * @throws DomainError SHAPE_MISMATCH when the widths differ, TOO_FEW_IMAGES, NOT_FINITE
 */
export async function frechetDistance(a: Gaussian, b: Gaussian): Promise<number> {
  checkGaussian(a, "first statistics");
  checkGaussian(b, "second statistics");
  const dim = a.mu.length;
  if (b.mu.length !== dim)
    throw new DomainError(
      "SHAPE_MISMATCH",
      `statistics of ${dim} features cannot be compared with those of ${b.mu.length}`,
    );
  let distance = 0;
  for (let i = 0; i < dim; i++) distance += (a.mu[i]! - b.mu[i]!) ** 2;
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += a.sigma[i * (dim + 1)]! + b.sigma[i * (dim + 1)]!;
  return distance + trace - 2 * rootTrace(dim, a.sigma, b.sigma);
}

/** tr (S1 S2)^1/2. */
function rootTrace(dim: number, first: Float64Array, second: Float64Array): number {
  const { rank, factor } = choleskyFactor(dim, first);
  if (rank === 0) return 0;
  const right = new Float64Array(dim * rank);
  for (let i = 0; i < dim; i++)
    for (let k = 0; k < dim; k++) {
      const value = second[i * dim + k]!;
      for (let j = 0; j < rank; j++) right[i * rank + j]! += value * factor[k * rank + j]!;
    }
  const matrix = new Float64Array(rank * rank);
  for (let k = 0; k < dim; k++)
    for (let i = 0; i < rank; i++) {
      const value = factor[k * rank + i]!;
      for (let j = 0; j < rank; j++) matrix[i * rank + j]! += value * right[k * rank + j]!;
    }
  const { diagonal, offDiagonal } = tridiagonalize(rank, matrix);
  let sum = 0;
  for (const value of tridiagonalEigenvalues(diagonal, offDiagonal)) sum += Math.sqrt(Math.max(0, value));
  return sum;
}
