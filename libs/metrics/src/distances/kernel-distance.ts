/** @file The kernel distance (KID): the squared maximum mean discrepancy with a polynomial kernel. */
import { DomainError } from "@tandem/errors";
import { checkFeatures, type Features } from "../features/features.js";
import { inBackground } from "../thread/background.js";
import { drawSubset } from "./subsets.js";

export interface KernelDistanceOptions {
  /** Subsets whose distances are averaged; 100 by default. */
  readonly subsets?: number;
  /** Images of a subset, of each side; 1,000 by default, or as many as the smaller side has. */
  readonly subsetSize?: number;
  /** Seed of the subsets, from 0 to 2^64 - 1; 0 by default. */
  readonly seed?: bigint;
  /** Ends the work between two subsets. */
  readonly signal?: AbortSignal;
  /** Rows of the subsets, given instead of drawn: as many and as long lists for both sides. */
  readonly indices?: { readonly real: readonly ArrayLike<number>[]; readonly generated: readonly ArrayLike<number>[] };
}

export interface KernelDistance {
  /** Mean over the subsets; unbiased, so it may be below 0. */
  readonly mean: number;
  /** Standard deviation over the subsets (divisor: their number). */
  readonly std: number;
  readonly perSubset: Float64Array;
}

/**
 * Kernel Inception distance (Bińkowski et al. 2018, arXiv 1801.01401): k(x, y) = (x.y / d + 1)^3, the unbiased estimator.
 * @throws DomainError SHAPE_MISMATCH, TOO_FEW_IMAGES, NOT_FINITE, FIELD_INVALID; the signal's reason
 */
export async function kernelDistance(
  real: Features,
  generated: Features,
  options: KernelDistanceOptions = {},
): Promise<KernelDistance> {
  const realCount = checkFeatures(real, "real images", { atLeast: 2, dim: real.dim });
  const generatedCount = checkFeatures(generated, "generated images", { atLeast: 2, dim: real.dim });
  const subsets = options.indices
    ? given(options.indices, realCount, generatedCount)
    : drawn(options, realCount, generatedCount);
  const perSubset = new Float64Array(subsets.length);
  for (const [i, subset] of subsets.entries()) {
    options.signal?.throwIfAborted();
    const [x, y] = [gather(real, subset[0]), gather(generated, subset[1])];
    perSubset[i] = await inBackground("discrepancy", { dim: real.dim, x, y }, [x.buffer, y.buffer]);
  }
  const mean = perSubset.reduce((sum, value) => sum + value, 0) / perSubset.length;
  const variance = perSubset.reduce((sum, value) => sum + (value - mean) ** 2, 0) / perSubset.length;
  return { mean, std: Math.sqrt(variance), perSubset };
}

type Subset = readonly [real: ArrayLike<number>, generated: ArrayLike<number>];

function drawn(
  { subsets = 100, subsetSize, seed = 0n }: KernelDistanceOptions,
  real: number,
  generated: number,
): Subset[] {
  const smaller = Math.min(real, generated);
  const size = subsetSize ?? Math.min(1000, smaller);
  if (!Number.isInteger(subsets) || subsets < 1)
    throw new DomainError("FIELD_INVALID", `subsets is ${subsets}; it must be a positive integer`);
  if (!Number.isInteger(size) || size < 2)
    throw new DomainError("FIELD_INVALID", `subsetSize is ${size}; it must be an integer from 2 on`);
  if (size > smaller)
    throw new DomainError(
      "TOO_FEW_IMAGES",
      `subsets of ${size} images cannot be drawn of ${smaller}; lower subsetSize`,
    );
  return Array.from({ length: subsets }, (_, i) => [
    drawSubset(real, size, seed, i, 0),
    drawSubset(generated, size, seed, i, 1),
  ]);
}

function given(
  { real, generated }: NonNullable<KernelDistanceOptions["indices"]>,
  realCount: number,
  generatedCount: number,
): Subset[] {
  if (real.length !== generated.length || real.length === 0)
    throw new DomainError(
      "FIELD_INVALID",
      `indices are ${real.length} and ${generated.length} subsets; both sides need the same`,
    );
  return real.map((x, i) => {
    const y = generated[i]!;
    if (x.length !== y.length || x.length < 2)
      throw new DomainError(
        "FIELD_INVALID",
        `subset ${i} has ${x.length} and ${y.length} images; it needs the same, 2 or more`,
      );
    for (const [indices, count] of [[x, realCount] as const, [y, generatedCount] as const])
      for (let k = 0; k < indices.length; k++)
        if (!Number.isInteger(indices[k]) || indices[k]! < 0 || indices[k]! >= count)
          throw new DomainError(
            "FIELD_INVALID",
            `subset ${i} names image ${indices[k]}; there are ${count}, from 0 on`,
          );
    return [x, y];
  });
}

/** Rows by number. */
function gather({ dim, rows }: Features, indices: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const gathered = new Float32Array(indices.length * dim);
  for (let i = 0; i < indices.length; i++)
    gathered.set(rows.subarray(indices[i]! * dim, (indices[i]! + 1) * dim), i * dim);
  return gathered;
}
