/** @file Batch arithmetic: batch = batchGpu * rounds * replicas, exactly. */
import { DomainError } from "@tandem/errors";

/** How a step's images are split. */
export interface BatchPlan {
  /** Images of a step. */
  readonly size: number;
  /** Images at once on a replica. */
  readonly batchGpu: number;
  /** Parts whose gradients add up on each replica. */
  readonly rounds: number;
  readonly replicas: number;
}

/** Numbers that an error suggests, at most. */
const SUGGESTIONS = 6;

/**
 * Splits a batch.
 * @param size      images of a step
 * @param batchGpu  most images at once on one replica; 0 is no limit
 * @param replicas  data-parallel replicas, at least 1
 * @throws DomainError FIELD_INVALID with the numbers that would work
 */
export function splitBatch(size: number, batchGpu: number, replicas: number): BatchPlan {
  if (!Number.isInteger(size) || size < 1)
    throw refuse("batch_size", `is ${size}; it must be a positive number of images`);
  const share = size / replicas;
  if (!Number.isInteger(share)) {
    throw refuse("batch_size", `is ${size}, which ${replicas} replicas cannot share; take a multiple of ${replicas}`);
  }
  const atOnce = batchGpu === 0 ? share : Math.min(batchGpu, share);
  const rounds = share / atOnce;
  if (Number.isInteger(rounds)) return { size, batchGpu: atOnce, rounds, replicas };
  const each = replicas === 1 ? "" : ` (${share} on each of ${replicas} replicas)`;
  const parts = near(divisors(share), atOnce).join(", ");
  const sizes = near(multiples(atOnce * replicas, size), size).join(" or ");
  throw refuse(
    "batch_gpu",
    `is ${batchGpu}, and batch_size ${size}${each} is no multiple of it; batch_gpu can be ${parts}, or batch_size ${sizes}`,
  );
}

/**
 * Checks a number of images against the step.
 * @param unit what it must be a multiple of
 * @param why  what that is, for the error
 * @throws DomainError FIELD_INVALID with the nearest numbers that would work
 */
export function checkMultiple(field: string, nimg: number, unit: number, why: string): void {
  if (nimg % unit === 0) return;
  const nearest = near(multiples(unit, nimg), nimg).join(" or ");
  throw refuse(field, `is ${nimg}; it must be a multiple of ${unit}, ${why}: ${nearest}`);
}

/** The least number of images that both divide. */
export function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

const divisors = (value: number): number[] => {
  const small = Array.from({ length: Math.floor(Math.sqrt(value)) }, (_, i) => i + 1).filter((d) => value % d === 0);
  return [...new Set([...small, ...small.map((d) => value / d)])].sort((a, b) => a - b);
};

const multiples = (unit: number, near: number): number[] =>
  [Math.floor(near / unit), Math.ceil(near / unit)].map((n) => n * unit).filter((n) => n > 0);

const near = (values: readonly number[], wanted: number): number[] =>
  [...values]
    .sort((a, b) => Math.abs(Math.log(a / wanted)) - Math.abs(Math.log(b / wanted)))
    .slice(0, SUGGESTIONS)
    .sort((a, b) => a - b);

const refuse = (field: string, what: string) =>
  new DomainError("FIELD_INVALID", `spec.edm2.${field} ${what}`, { field: `spec.edm2.${field}` });
