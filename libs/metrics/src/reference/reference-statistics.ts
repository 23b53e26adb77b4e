/** @file Statistics of a set of real images, which generated ones are compared with. */
import { DomainError } from "@tandem/errors";
import type { Gaussian } from "../gaussian.js";

/** A Gaussian, and the detector that its features are from. */
export interface ReferenceGaussian extends Gaussian {
  /** Digest of the detector's weights, where the file says it. */
  readonly detectorDigest?: string;
}

/** Content of a file of reference statistics. */
export interface ReferenceStatistics {
  /** Images; 0 when the file does not say. */
  readonly numImages: number;
  /** By the metric's name, "fid" and "fd_dinov2", or by the detector's. */
  readonly detectors: ReadonlyMap<string, ReferenceGaussian>;
}

/** The error of a file that holds something else. */
export function unsafeReference(file: string, why: string): DomainError {
  return new DomainError("UNSAFE_FILE", `${file}: ${why}`, { resource: file });
}
