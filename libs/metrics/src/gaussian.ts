/** @file The Gaussian that stands for a set of images: what Fréchet distances compare. */
import { DomainError } from "@tandem/errors";

/** Mean and covariance of features. */
export interface Gaussian {
  /** Images that they were made of, n; 0 when a file does not say. */
  readonly numImages: number;
  /** Mean [d]. */
  readonly mu: Float64Array;
  /** Covariance [d, d], row-major and symmetric; its divisor is n - 1. */
  readonly sigma: Float64Array;
}

/**
 * Refuses what no distance can be computed of.
 * @param name whose statistics these are, for errors: "reference", "source"
 * @throws DomainError TOO_FEW_IMAGES for one, SHAPE_MISMATCH, NOT_FINITE
 */
export function checkGaussian({ numImages, mu, sigma }: Gaussian, name: string): void {
  if (numImages === 1)
    throw new DomainError("TOO_FEW_IMAGES", `${name}: a covariance needs 2 images, and these statistics are of 1`);
  if (mu.length === 0 || sigma.length !== mu.length ** 2)
    throw new DomainError(
      "SHAPE_MISMATCH",
      `${name}: ${sigma.length} covariances do not belong to a mean of ${mu.length} features`,
    );
  if (!areFinite(mu))
    throw new DomainError("NOT_FINITE", `${name}: the mean holds NaN or infinity; make these statistics again`);
  if (!areFinite(sigma))
    throw new DomainError("NOT_FINITE", `${name}: the covariance holds NaN or infinity; make these statistics again`);
}

/** Whether all values are finite; a sum of products with zero shows it without a branch. */
export function areFinite(values: Float32Array | Float64Array): boolean {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i]! * 0;
  return zero === 0;
}
