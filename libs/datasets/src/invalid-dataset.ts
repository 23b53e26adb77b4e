/** @file The error of a dataset that cannot be used: which file, why, and what to do. */
import { DomainError } from "@tandem/errors";

/** @param file the file at fault; within an archive `archive.zip: 00000/img.png` */
export function invalidDataset(file: string, why: string, cause?: unknown): DomainError {
  return new DomainError("DATASET_INVALID", `${file}: ${why}`, { resource: file, cause });
}
