/** @file Lists of EMA lengths, as relative standard deviations: `0.050,0.100` or `0.010,0.015,...,0.250`. */
import { DomainError } from "@tandem/errors";
import { MAX_STD } from "./profile.js";

/** How far, in steps, the value after `...` may lie beside the sequence (numerics, section 5). */
const LANDING = 1e-4;

/**
 * EMA lengths in ascending order, each once.
 *
 * `a,b,...,c` stands for a, b, b + (b - a), b + 2 (b - a), ..., c: the values are b + i (b - a) in double precision, the last
 * one c itself.
 * @param text relative standard deviations, 0 < value < 0.289
 * @throws DomainError FIELD_INVALID naming what is wrong with the list
 */
export function parseEmaLengths(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  const values: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] !== "...") {
      values.push(toNumber(parts[i] ?? "", text));
      continue;
    }
    const [before, start] = [parts[i - 2], parts[i - 1]];
    if (before === undefined || start === undefined || before === "..." || start === "...")
      throw refuse(text, "'...' must be preceded by at least two floats");
    if (parts[i + 1] === undefined) throw refuse(text, "'...' must be followed by a float");
    values.push(...continued(toNumber(before, text), toNumber(start, text), toNumber(parts[++i] ?? "", text), text));
  }
  for (const value of values)
    if (!(value > 0 && value < MAX_STD))
      throw refuse(text, `Relative standard deviation must be positive and less than ${MAX_STD}, not ${value}`);
  return [...new Set(values)].sort((a, b) => a - b);
}

/** What follows `before, start` up to `end`, without the two. */
function continued(before: number, start: number, end: number, text: string): number[] {
  const step = start - before;
  if (step === 0) throw refuse(text, "The floats preceding '...' must not be equal");
  const steps = (end - start) / step;
  const count = Math.round(steps);
  if (count < 1 || Math.abs(steps - count) > LANDING)
    throw refuse(text, `'...' must correspond to a non-empty interval that ends at ${end} in steps of ${step}`);
  return [...Array.from({ length: count - 1 }, (_, i) => start + (i + 1) * step), end];
}

function toNumber(part: string, text: string): number {
  const value = part === "" ? Number.NaN : Number(part);
  if (!Number.isFinite(value)) throw refuse(text, `"${part}" is no number`);
  return value;
}

const refuse = (text: string, why: string) =>
  new DomainError("FIELD_INVALID", `EMA lengths ${JSON.stringify(text)}: ${why}`, { field: "stds" });
