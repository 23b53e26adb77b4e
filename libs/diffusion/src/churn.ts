/** @file Churn: fresh noise before a step, which makes the sampler stochastic. */
import { invalid } from "@tandem/errors";
import type { Generator } from "./random/generator.js";

/** How much noise to add and where; the contract's `Churn`. */
export interface Churn {
  /** S_churn, >= 0; 0 is deterministic and draws nothing. */
  readonly amount: number;
  /** S_min: lowest level with churn, inclusive; default 0. */
  readonly sigmaMin?: number | undefined;
  /** S_max: highest level with churn, inclusive; default infinity. */
  readonly sigmaMax?: number | undefined;
  /** S_noise: scale of the added noise, >= 0; default 1. */
  readonly noiseScale?: number | undefined;
}

/** @throws DomainError FIELD_INVALID naming the field under `sampling.churn` */
export function checkChurn({ amount, sigmaMin = 0, sigmaMax = Number.POSITIVE_INFINITY, noiseScale = 1 }: Churn): void {
  if (!(amount >= 0 && Number.isFinite(amount)))
    throw invalid("sampling.churn.amount", amount, "0 or more, and finite");
  if (!(sigmaMin >= 0 && Number.isFinite(sigmaMin))) {
    throw invalid("sampling.churn.sigma_min", sigmaMin, "0 or more, and finite");
  }
  if (!(sigmaMax >= sigmaMin)) throw invalid("sampling.churn.sigma_max", sigmaMax, `at least sigma_min, ${sigmaMin}`);
  if (!(noiseScale >= 0 && Number.isFinite(noiseScale))) {
    throw invalid("sampling.churn.noise_scale", noiseScale, "0 or more, and finite");
  }
}

/**
 * The level that churn raises `sigma` to: sigma (1 + min(S_churn / steps, sqrt(2) - 1)), or `sigma` itself where it does not
 * apply. Float32, as networks see levels.
 * @see arXiv 2206.00364, Algorithm 2
 */
export function churnedLevel(sigma: number, steps: number, churn: Churn | undefined): number {
  if (churn === undefined || churn.amount === 0) return sigma;
  const isWithin =
    sigma >= Math.fround(churn.sigmaMin ?? 0) && sigma <= Math.fround(churn.sigmaMax ?? Number.POSITIVE_INFINITY);
  return isWithin ? Math.fround(sigma * (1 + Math.min(churn.amount / steps, Math.SQRT2 - 1))) : sigma;
}

/**
 * Raises the noise of a batch: out = x + sqrt(raised^2 - sigma^2) S_noise eps, eps from each sample's own generator.
 * @param x          [N, ...], N as many as there are generators; not changed
 * @param generators one per sample, past their earlier draws
 */
export function addChurn(
  x: Float32Array,
  out: Float32Array,
  levels: { sigma: number; raised: number },
  noiseScale: number,
  generators: readonly Generator[],
): void {
  const scale = Math.sqrt(levels.raised ** 2 - levels.sigma ** 2) * noiseScale;
  const sampleSize = x.length / generators.length;
  generators.forEach((generator, n) => {
    const start = n * sampleSize;
    const sample = out.subarray(start, start + sampleSize);
    generator.fillNormal(sample);
    for (let i = 0; i < sampleSize; i++) sample[i] = x[start + i]! + scale * sample[i]!;
  });
}
