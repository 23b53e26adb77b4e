/** @file The border of encoding and decoding: shapes, sizes and statistics that fit the autoencoder. */
import { DomainError, invalid } from "@tandem/errors";
import type { LatentStatistics } from "./statistics.js";

/**
 * @param field    how the request names it
 * @param channels what the autoencoder has
 * @param least    smallest height and width
 * @throws DomainError SHAPE_MISMATCH, TENSOR_SIZE_MISMATCH naming the field
 */
export function checkPlanes(
  field: string,
  { data, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] },
  channels: number,
  least: number,
): void {
  const [count = 0, planes, height = 0, width = 0] = shape;
  const isFitting = shape.length === 4 && count > 0 && planes === channels && height >= least && width >= least;
  if (!isFitting || !shape.every(Number.isInteger))
    throw new DomainError(
      "SHAPE_MISMATCH",
      `${field} is [${shape}]; it must be [N, ${channels}, H, W] with N at least 1, H and W at least ${least}`,
      { field, metadata: { expected: `[N, ${channels}, H, W]`, actual: `[${shape}]` } },
    );
  const expected = count * channels * height * width;
  if (data.length === expected) return;
  throw new DomainError("TENSOR_SIZE_MISMATCH", `${field} has ${data.length} numbers; [${shape}] are ${expected}`, {
    field,
    metadata: { expected, actual: data.length },
  });
}

/** @throws DomainError FIELD_INVALID naming the statistic */
export function checkStatistics({ rawMean, rawStd }: LatentStatistics, channels: number): void {
  for (const [name, values] of Object.entries({ raw_mean: rawMean, raw_std: rawStd }))
    if (values.length !== channels)
      throw invalid(`statistics.${name}`, values, `${channels} numbers, one for each latent channel`);
}
