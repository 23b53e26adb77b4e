/** @file EMA profiles at a time of training: their shape, how much two have in common (arXiv 2312.02696, Appendix C). */
import { invalid } from "@tandem/errors";
import { exponentOf, MAX_STD } from "./profile.js";

/** A power-function EMA at a time of training. */
export interface EmaProfile {
  /** Training time, images; above 0. */
  readonly nimg: number;
  /** Relative standard deviation; above 0, below 0.289. */
  readonly std: number;
}

/** A profile with the exponent of its power function. */
export interface Power {
  readonly time: number;
  readonly gamma: number;
}

/** @throws DomainError FIELD_INVALID naming `field` */
export function toPower({ nimg, std }: EmaProfile, field = "profile"): Power {
  if (!(nimg > 0 && Number.isFinite(nimg))) throw invalid(`${field}.nimg`, nimg, "a number of images above 0");
  if (!(std > 0 && std < MAX_STD)) throw invalid(`${field}.std`, std, `above 0 and below ${MAX_STD}`);
  return { time: nimg, gamma: exponentOf(std) };
}

/** Scalar product of two profiles over training time, 1 / images (Eq. 151). */
export function correlation(a: Power, b: Power): number {
  return cosine(a, b) * norm(a) * norm(b);
}

/**
 * The same between profiles scaled to length 1: at most 1. The power of the ratio of times is taken through the difference of
 * times, which is exact: neighbours of a long run differ from each other in the last digits only.
 */
export function cosine(a: Power, b: Power): number {
  const [early, late] = a.time < b.time ? [a, b] : [b, a];
  const shape = Math.sqrt((2 * a.gamma + 1) * (2 * b.gamma + 1)) / (a.gamma + b.gamma + 1);
  return shape * Math.exp((late.gamma + 0.5) * Math.log1p((early.time - late.time) / late.time));
}

/** Length of a profile, images^(-1/2): the square root of its product with itself. */
export function norm({ time, gamma }: Power): number {
  return (gamma + 1) / Math.sqrt((2 * gamma + 1) * time);
}

/** Weight that the profile gives to the parameters of a time; its integral over time is 1 (Eq. 118). */
export function density({ time, gamma }: Power, at: number): number {
  if (at > time || at < 0) return 0;
  return ((gamma + 1) / time) * (at / time) ** gamma;
}

/** Weights of the parameters after 0, 1, ... steps, when the profile is that of step `time`: they add up to 1. */
export function response(power: Power, steps: number): number[] {
  const weights = Array.from({ length: steps }, (_, step) => (step <= power.time ? step ** power.gamma : 0));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
