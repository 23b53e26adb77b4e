/** @file The inception score: how sure a classifier is of single images, and how varied all are. */
import { DomainError } from "@tandem/errors";
import { checkFeatures, type Features } from "./features/features.js";

export interface InceptionScoreOptions {
  /** Parts whose scores are averaged; 10 by default. */
  readonly splits?: number;
  /** Order of the images before they are split; the order given by default. */
  readonly permutation?: ArrayLike<number>;
}

export interface InceptionScore {
  readonly mean: number;
  /** Standard deviation over the splits (divisor: their number). */
  readonly std: number;
  readonly perSplit: Float64Array;
}

/**
 * exp of the mean divergence of p(y | image) from p(y) (Salimans et al. 2016, arXiv 1606.03498); split i is images i n / splits up to
 * (i + 1) n / splits, rounded down.
 * @param logits [n, classes], before the softmax
 * @throws DomainError TOO_FEW_IMAGES when a split would be empty, FIELD_INVALID (no permutation), NOT_FINITE
 */
export function inceptionScore(
  logits: Features,
  { splits = 10, permutation }: InceptionScoreOptions = {},
): InceptionScore {
  if (!Number.isInteger(splits) || splits < 1)
    throw new DomainError("FIELD_INVALID", `splits is ${splits}; it must be a positive integer`);
  const count = checkFeatures(logits, "logits", { atLeast: splits, dim: logits.dim });
  if (permutation) checkPermutation(permutation, count);
  const perSplit = new Float64Array(splits);
  for (let split = 0; split < splits; split++) {
    const first = Math.floor((split * count) / splits);
    const end = Math.floor(((split + 1) * count) / splits);
    perSplit[split] = score(logits, first, end, permutation);
  }
  const mean = perSplit.reduce((sum, value) => sum + value, 0) / splits;
  const variance = perSplit.reduce((sum, value) => sum + (value - mean) ** 2, 0) / splits;
  return { mean, std: Math.sqrt(variance), perSplit };
}

/** exp(mean sum p log p - sum q log q), q the mean of p. */
function score({ dim, rows }: Features, first: number, end: number, permutation?: ArrayLike<number>): number {
  const marginal = new Float64Array(dim);
  const p = new Float64Array(dim);
  let negentropy = 0;
  for (let i = first; i < end; i++) {
    const row = permutation ? permutation[i]! : i;
    const logits = rows.subarray(row * dim, (row + 1) * dim);
    let largest = logits[0]!;
    for (const logit of logits) largest = Math.max(largest, logit);
    let total = 0;
    let weighted = 0;
    for (let k = 0; k < dim; k++) {
      const shifted = logits[k]! - largest;
      p[k] = Math.exp(shifted);
      total += p[k]!;
      weighted += p[k]! * shifted;
    }
    negentropy += weighted / total - Math.log(total);
    for (let k = 0; k < dim; k++) marginal[k]! += p[k]! / total;
  }
  const count = end - first;
  let sum = negentropy / count;
  for (const q of marginal) if (q > 0) sum -= (q / count) * Math.log(q / count);
  return Math.exp(sum);
}

function checkPermutation(permutation: ArrayLike<number>, count: number): void {
  const seen = new Uint8Array(count);
  for (let i = 0; i < permutation.length; i++) seen[permutation[i]!] = 1;
  if (permutation.length === count && seen.every((flag) => flag === 1)) return;
  throw new DomainError("FIELD_INVALID", `permutation must name each of ${count} images once`, {
    field: "permutation",
  });
}
