/** @file Numbers of training images: `2048`, `128Ki`, `8Mi`, `2Gi`. */
import { invalid } from "@tandem/errors";

const units: Record<string, number> = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

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
