/** @file Numbers of training images: `2048`, `128Ki`, `8Mi`, `2Gi`; and thousands of images as file names carry them. */
import { invalid } from "@tandem/errors";

const units: Record<string, number> = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Training advances by this many images at least, so every snapshot's count is a multiple of it (numerics.md section 4). */
const GRANULARITY = 1024;

/**
 * A number of images.
 * @param text digits and an optional unit Ki, Mi or Gi (2^10, 2^20, 2^30)
 * @throws DomainError FIELD_INVALID
 */
export function parseImageCount(text: string, field = "number of images"): number {
  const match = /^(\d+)(Ki|Mi|Gi)?$/.exec(text.trim());
  const count = match ? Number(match[1]) * (units[match[2] ?? ""] ?? Number.NaN) : Number.NaN;
  if (!Number.isSafeInteger(count))
    throw invalid(field, text, "a whole number with an optional unit, such as 2048, 128Ki or 8Mi");
  return count;
}

/** Images behind the thousands of images in a snapshot's name: 8388 means 8,388,608. */
export function imageCountOfKimg(kimg: number): number {
  return Math.floor((kimg * 1000 + 999) / GRANULARITY) * GRANULARITY;
}
