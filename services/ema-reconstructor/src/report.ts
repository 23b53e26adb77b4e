/** @file The report of a reconstruction: profiles wanted and obtained, and of what they were made. */
import { density, type EmaProfile, type Solution, toPower, warningsOf } from "@tandem/ema";

/** Points of a curve over training time. */
const POINTS = 128;

/** One target of a report: numbers for plots, JSON. */
export function targetReport(solution: Solution, inputs: readonly EmaProfile[]) {
  const { target, gamma, coefficients, rawSum, fitError, obtainedStd, condition, gain, dropped } = solution;
  const powers = inputs.map((input) => toPower(input));
  const wanted = toPower(target);
  const times = Array.from({ length: POINTS }, (_, i) => ((i + 0.5) / POINTS) * target.nimg);
  return {
    ...target,
    gamma,
    fitError,
    obtainedStd: Number.isNaN(obtainedStd) ? null : obtainedStd,
    rawSum,
    condition,
    gain,
    dropped,
    warnings: warningsOf(solution, inputs),
    coefficients: inputs.flatMap((input, i) =>
      coefficients[i] === 0 ? [] : [{ ...input, coefficient: coefficients[i] }],
    ),
    /** Weight of the parameters of a time, in units of 1 / target time. */
    profile: {
      times,
      wanted: times.map((time) => density(wanted, time) * target.nimg),
      obtained: times.map((time) =>
        powers.reduce((sum, power, i) => sum + coefficients[i]! * density(power, time) * target.nimg, 0),
      ),
    },
  };
}
