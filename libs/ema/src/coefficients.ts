/**
 * @file How profiles are made of others: least squares over training time (arXiv 2312.02696, Algorithm 3).
 *
 * Profiles are scaled to length 1 before they are solved for. The paper solves A X = B with the products themselves; the
 * solution is the same, but the diagonal of A spans the whole length of the run, that of the cosines is 1.
 */
import { DomainError } from "@tandem/errors";
import { cosine, type EmaProfile, norm, type Power, toPower } from "./ema-profile.js";
import { factor } from "./factor.js";

/** Inputs of one solution: its time grows with their cube, a second for a thousand. */
export const MAX_INPUTS = 2000;

/** How a target is made of the inputs. */
export interface Solution {
  readonly target: EmaProfile;
  /** Exponent of its power function. */
  readonly gamma: number;
  /** Per input, in order; they add up to 1. Inputs later than the target have 0. */
  readonly coefficients: readonly number[];
  /** Sum of the coefficients before they were made to add up to 1. */
  readonly rawSum: number;
  /** Distance of the profile obtained from the one wanted, relative to the latter's length; 0 is exact, rounding leaves 1e-7. */
  readonly fitError: number;
  /** Relative standard deviation of the profile obtained: that of one bump of the same mean and variance. NaN if none has it. */
  readonly obtainedStd: number;
  /** Square root of the sum of squares: how much independent rounding errors of the inputs grow. */
  readonly gain: number;
  /** Of the system that was solved; above 1e12 the coefficients are uncertain, though the fit is not. */
  readonly condition: number;
  /** Inputs that were left out because others explain them. */
  readonly dropped: number;
}

/**
 * Coefficients of targets, in order.
 * @throws DomainError FIELD_INVALID (naming input or target), LIMIT_EXCEEDED, RESOURCE_NOT_FOUND when no input is early enough
 */
export function solveCoefficients(inputs: readonly EmaProfile[], targets: readonly EmaProfile[]): Solution[] {
  if (inputs.length > MAX_INPUTS)
    throw new DomainError("LIMIT_EXCEEDED", `${inputs.length} profiles; ${MAX_INPUTS} can be combined`, {
      field: "inputs",
    });
  const powers = inputs.map((input, i) => toPower(input, `inputs[${i}]`));
  const systems = new Map<string, ReturnType<typeof system>>();
  return targets.map((target, i) => {
    const power = toPower(target, `targets[${i}]`);
    const used = powers.flatMap(({ time }, index) => (time <= power.time ? [index] : []));
    if (used.length === 0)
      throw new DomainError("RESOURCE_NOT_FOUND", `no snapshot is as early as ${target.nimg} images`, {
        field: `targets[${i}].nimg`,
      });
    const key = used.join();
    const known = systems.get(key) ?? system(used.map((index) => powers[index]!));
    systems.set(key, known);
    return solution(known, power, target, used, inputs.length);
  });
}

function system(powers: readonly Power[]) {
  const n = powers.length;
  const cosines = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k <= i; k++) cosines[i * n + k] = cosines[k * n + i] = i === k ? 1 : cosine(powers[i]!, powers[k]!);
  return { powers, cosines, ...factor(cosines, n) };
}

function solution(
  { powers, cosines, solve, condition, dropped }: ReturnType<typeof system>,
  power: Power,
  target: EmaProfile,
  used: readonly number[],
  count: number,
): Solution {
  const n = powers.length;
  const towards = Float64Array.from(powers, (input) => cosine(input, power));
  const shares = solve(towards); // of profiles of length 1
  const scale = powers.map((input) => norm(power) / norm(input));
  const rawSum = shares.reduce((sum, share, i) => sum + share * scale[i]!, 0);
  const scaled = shares.map((share) => share / rawSum);
  let square = 1;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let k = 0; k < n; k++) row += cosines[i * n + k]! * scaled[k]!;
    square += scaled[i]! * (row - 2 * towards[i]!);
  }
  const coefficients = new Array<number>(count).fill(0);
  for (const [i, index] of used.entries()) coefficients[index] = scaled[i]! * scale[i]!;
  return {
    target,
    gamma: power.gamma,
    coefficients,
    rawSum,
    fitError: Math.sqrt(Math.max(0, square)),
    obtainedStd: widthOf(
      powers,
      used.map((index) => coefficients[index]!),
      power.time,
    ),
    gain: Math.hypot(...coefficients),
    condition,
    dropped: dropped.length,
  };
}

/** Standard deviation of a sum of profiles over training time, relative to the time of the target. */
function widthOf(powers: readonly Power[], coefficients: readonly number[], time: number): number {
  let [first, second] = [0, 0];
  for (const [i, { time: end, gamma }] of powers.entries()) {
    first += (coefficients[i]! * ((end / time) * (gamma + 1))) / (gamma + 2);
    second += (coefficients[i]! * ((end / time) ** 2 * (gamma + 1))) / (gamma + 3);
  }
  return Math.sqrt(second - first ** 2);
}
