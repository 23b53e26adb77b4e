/** @file Features of images, as metrics that compare single images take them. */
import { DomainError } from "@tandem/errors";
import { areFinite } from "../gaussian.js";

/** One row of features an image. */
export interface Features {
  /** Features of an image, d. */
  readonly dim: number;
  /** [n, d], row-major. */
  readonly rows: Float32Array;
}

/** Number of images. @throws DomainError SHAPE_MISMATCH when the rows are not whole */
export function countRows({ dim, rows }: Features, name: string): number {
  const count = rows.length / dim;
  if (Number.isInteger(count) && dim > 0) return count;
  throw new DomainError("SHAPE_MISMATCH", `${name}: ${rows.length} features are no rows of ${dim}`);
}

/** Refuses features that cannot be compared. @throws DomainError SHAPE_MISMATCH, TOO_FEW_IMAGES, NOT_FINITE naming the image */
export function checkFeatures(
  features: Features,
  name: string,
  { atLeast, dim }: { atLeast: number; dim: number },
): number {
  const count = countRows(features, name);
  if (features.dim !== dim)
    throw new DomainError(
      "SHAPE_MISMATCH",
      `${name}: ${features.dim} features an image cannot be compared with ${dim}`,
    );
  if (count < atLeast)
    throw new DomainError("TOO_FEW_IMAGES", `${name}: ${count} images, and this metric needs at least ${atLeast}`);
  if (areFinite(features.rows)) return count;
  const at = features.rows.findIndex((value) => !Number.isFinite(value));
  throw new DomainError(
    "NOT_FINITE",
    `${name}: feature ${at % dim} of image ${Math.floor(at / dim)} is ${features.rows[at]}`,
  );
}
