/** @file The noise levels that the solver visits. */
import { invalid } from "@tandem/errors";

/** How noise levels are spaced; the contract's `NoiseSchedule`. Absent fields take `scheduleDefaults`. */
export interface NoiseSchedule {
  /** N, 1 to 10,000. */
  readonly steps?: number | undefined;
  /** Lowest level before 0, > 0. Unused when N is 1. */
  readonly sigmaMin?: number | undefined;
  /** Highest level, > sigmaMin. */
  readonly sigmaMax?: number | undefined;
  /** Exponent of the spacing, > 0: larger puts more levels at low noise. */
  readonly rho?: number | undefined;
  /** Explicit levels instead of the formula: strictly decreasing, positive, without the final 0. Excludes the fields above. */
  readonly sigmas?: readonly number[] | undefined;
}

/** The defaults of EDM and EDM2. */
export const scheduleDefaults = { steps: 32, sigmaMin: 0.002, sigmaMax: 80, rho: 7 } as const;

/** Most steps of a schedule: far beyond any use, and small enough to hold. */
export const MAX_STEPS = 10_000;

/**
 * Noise levels t_0 > t_1 > ... > t_{N-1} > t_N = 0:
 * t_i = (sigmaMax^(1/rho) + i / (N - 1) (sigmaMin^(1/rho) - sigmaMax^(1/rho)))^rho.
 * @returns N + 1 levels, float32 values; distinct and positive but for the last, 0
 * @throws DomainError FIELD_INVALID naming the field under `sampling.schedule`
 * @see arXiv 2206.00364, eq. 5
 */
export function noiseLevels(schedule: NoiseSchedule = {}): Float64Array {
  if (schedule.sigmas !== undefined && schedule.sigmas.length > 0) return explicitLevels(schedule, schedule.sigmas);
  const { steps, sigmaMin, sigmaMax, rho } = { ...scheduleDefaults, ...withoutUndefined(schedule) };
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS) {
    throw invalid(path("num_steps"), steps, `an integer from 1 to ${MAX_STEPS}`);
  }
  requirePositive("sigma_min", sigmaMin);
  requirePositive("sigma_max", sigmaMax);
  requirePositive("rho", rho);
  const levels = new Float64Array(steps + 1);
  if (steps === 1) return levels.fill(Math.fround(sigmaMax), 0, 1);
  if (sigmaMin >= sigmaMax) throw invalid(path("sigma_min"), sigmaMin, `below sigma_max, ${sigmaMax}`);
  // Rounded to float32 after every operation, as the reference computes: the levels then are its levels (within one unit in
  // the last place; the first of the default schedule is 79.99998), and guided trajectories amplify any other difference.
  const { fround } = Math;
  const from = fround(sigmaMax ** (1 / rho));
  const span = fround(sigmaMin ** (1 / rho) - sigmaMax ** (1 / rho));
  for (let i = 0; i < steps; i++) levels[i] = fround(fround(from + fround(fround(i / (steps - 1)) * span)) ** rho);
  if (firstDisorder(levels) !== undefined) {
    throw invalid(
      path("rho"),
      rho,
      `such that ${steps} levels from ${sigmaMax} to ${sigmaMin} are distinct in float32`,
    );
  }
  return levels;
}

function explicitLevels(schedule: NoiseSchedule, sigmas: readonly number[]): Float64Array {
  const names = {
    num_steps: schedule.steps,
    sigma_min: schedule.sigmaMin,
    sigma_max: schedule.sigmaMax,
    rho: schedule.rho,
  };
  for (const [name, value] of Object.entries(names)) {
    if (value !== undefined) throw invalid(path(name), value, "unset when sampling.schedule.sigmas is given");
  }
  if (sigmas.length > MAX_STEPS) throw invalid(path("sigmas"), `${sigmas.length} values`, `at most ${MAX_STEPS}`);
  const levels = Float64Array.of(...sigmas, 0);
  const disorder = firstDisorder(levels);
  if (disorder !== undefined) {
    const field = `${path("sigmas")}[${disorder}]`;
    throw invalid(
      field,
      levels[disorder],
      "positive, finite and below the value before it, also when rounded to float32",
    );
  }
  return levels;
}

/** @throws DomainError FIELD_INVALID unless levels fall strictly, in float32, and end with the only 0 */
export function checkLevels(levels: ArrayLike<number>): void {
  const { length } = levels;
  if (length < 2 || levels[length - 1] !== 0 || firstDisorder(levels) !== undefined) {
    throw invalid("levels", Array.from(levels).join(", "), "positive, finite, strictly decreasing in float32, then 0");
  }
}

/** Index of the first level that is not positive, finite and below the one before it, in float32. The last is 0. */
function firstDisorder(levels: ArrayLike<number>): number | undefined {
  const single = Float32Array.from(levels);
  for (let i = 0; i < single.length - 1; i++) {
    const sigma = single[i]!;
    if (!(sigma > 0 && sigma < (i === 0 ? Number.POSITIVE_INFINITY : single[i - 1]!))) return i;
  }
  return undefined;
}

function requirePositive(name: string, value: number): void {
  if (!(Math.fround(value) > 0 && Number.isFinite(Math.fround(value))))
    throw invalid(path(name), value, "positive and finite");
}

function withoutUndefined(schedule: NoiseSchedule): { [K in keyof typeof scheduleDefaults]?: number } {
  return Object.fromEntries(
    Object.entries(schedule).filter(([name, value]) => name !== "sigmas" && value !== undefined),
  );
}

function path(name: string): string {
  return `sampling.schedule.${name}`;
}
