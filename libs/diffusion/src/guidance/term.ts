/** @file A guiding term: which model pulls, how strongly, and where. */
import { invalid } from "@tandem/errors";
import type { Denoiser } from "../denoiser.js";

/** One guiding model; the contract's `GuidanceTerm`. */
export interface GuidanceTerm {
  /** The guiding model D_k: gnet, an unconditional model, or the main model with `labels: "none"`. */
  readonly denoiser: Denoiser;
  /** Guidance strength w_k, finite; 1 is off. */
  readonly weight: number;
  /** Noise levels at which the term acts, low < sigma <= high; default all. */
  readonly interval?: { readonly low?: number | undefined; readonly high?: number | undefined } | undefined;
  /** What the guiding model sees: the labels of the main model (default), or zero rows. */
  readonly labels?: "same" | "none" | undefined;
}

/**
 * Whether the term is evaluated at a level. Both ends are compared in float32, in which levels reach the networks: an
 * interval up to 0.3 contains the level 0.3.
 * @see arXiv 2404.07724 (the interval)
 */
export function isActive({ weight, interval }: Omit<GuidanceTerm, "denoiser">, sigma: number): boolean {
  if (weight === 1) return false;
  const level = Math.fround(sigma);
  const low = Math.fround(interval?.low ?? 0);
  const high = Math.fround(interval?.high ?? Number.POSITIVE_INFINITY);
  return low < level && level <= high;
}

/** @throws DomainError FIELD_INVALID naming the field under `sampling.guidance[index]` */
export function checkTerm({ weight, interval }: Omit<GuidanceTerm, "denoiser">, index: number): void {
  const path = `sampling.guidance[${index}]`;
  if (!Number.isFinite(Math.fround(weight))) throw invalid(`${path}.weight`, weight, "a finite number");
  const { low = 0, high = Number.POSITIVE_INFINITY } = interval ?? {};
  if (!(low >= 0 && Number.isFinite(low))) throw invalid(`${path}.interval.low`, low, "0 or more, and finite");
  if (!(high > low)) throw invalid(`${path}.interval.high`, high, `above low, ${low}`);
}
