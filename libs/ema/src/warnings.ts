/** @file What to tell people of a solution that is not what they wanted. */
import type { Solution } from "./coefficients.js";
import type { EmaProfile } from "./ema-profile.js";

/** Fits below this differ less than float16 snapshots and training itself do: the paper's own, of 0.05 and 0.1, stay below. */
const GOOD_FIT = 0.05;
/** Rounding errors of float16 that grow by more than this are seen. */
const GOOD_GAIN = 10;

/** Reasons why a profile is not as wanted; empty when it is. */
export function warningsOf(solution: Solution, inputs: readonly EmaProfile[]): string[] {
  const { target, fitError, gain, rawSum, coefficients, dropped } = solution;
  const used = inputs.filter((_, i) => coefficients[i] !== 0);
  const warnings: string[] = [];
  const stds = used.map(({ std }) => std);
  if (fitError > GOOD_FIT) {
    const shortest = Math.min(...stds);
    const times = new Set(used.map(({ nimg }) => nimg)).size;
    const why =
      target.std < shortest
        ? `it is shorter than the shortest of the snapshots, ${shortest}`
        : used.every(({ nimg }) => nimg < target.nimg)
          ? `its time, ${target.nimg} images, is after the last snapshot's`
          : `${used.length} snapshots at ${times} times are too few`;
    warnings.push(`std ${target.std} is off by ${(100 * fitError).toFixed(1)} %: ${why}`);
  }
  if (gain > GOOD_GAIN)
    warnings.push(`std ${target.std}: the snapshots' rounding errors grow ${gain.toFixed(0)} times in the sum`);
  if (Math.abs(rawSum - 1) > GOOD_FIT)
    warnings.push(`std ${target.std}: coefficients added up to ${rawSum.toFixed(3)} before they were scaled to 1`);
  if (dropped > 0) warnings.push(`std ${target.std}: ${dropped} snapshots add nothing to the others and were left out`);
  return warnings;
}
