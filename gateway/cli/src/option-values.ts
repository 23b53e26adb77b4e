/** @file Option values: from text, checked against the range that the help text states. */
import { DomainError } from "@tandem/errors";
import { InvalidArgumentError } from "commander";

/** Largest seed, class or count that a number holds exactly. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Reads a whole number from `low` to `high`. */
export const integer =
  (low: number, high = LARGEST) =>
  (text: string): number => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(
      `It must be a whole number ${high === LARGEST ? `from ${low}` : `from ${low} to ${high}`}.`,
    );
  };

/** Reads a number for which `holds` is true; `allowed` says so in words. `inf` is infinity. */
export const real =
  (allowed: string, holds: (value: number) => boolean) =>
  (text: string): number => {
    const value = toNumber(text);
    if (!Number.isNaN(value) && holds(value)) return value;
    throw new InvalidArgumentError(`It must be ${allowed}.`);
  };

/** Ranges that occur more than once. */
export const positive = real("a number above 0", (value) => value > 0 && Number.isFinite(value));
export const notNegative = real("a number from 0", (value) => value >= 0 && Number.isFinite(value));
export const notNegativeOrInfinite = real("a number from 0, or inf", (value) => value >= 0);
export const finite = real("a finite number", Number.isFinite);

/** Reads `LO,HI`: noise levels with 0 <= LO < HI; HI may be `inf`. */
export function interval(text: string): [low: number, high: number] {
  const [low, high, ...more] = text.split(",").map(toNumber);
  if (low === undefined || high === undefined || more.length > 0 || !(low >= 0 && low < high))
    throw new InvalidArgumentError("It must be two numbers LO,HI with 0 <= LO < HI; HI may be inf.");
  return [low, high];
}

/** Reads a device: auto, cpu, cuda or webgpu, the latter two with an optional number. */
export function device(text: string): string {
  if (/^(auto|cpu|(cuda|webgpu)(:\d+)?)$/.test(text)) return text;
  throw new InvalidArgumentError("It must be auto, cpu, cuda, webgpu, cuda:N or webgpu:N.");
}

/** Reads one of several words. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (text: string): T => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It must be one of ${words.join(", ")}.`);
  };

/** Reads with a parser that throws DomainError, so that its message names the option too. */
export const checked =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof DomainError) throw new InvalidArgumentError(`${error.message}.`);
      throw error;
    }
  };

function toNumber(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "inf") return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** Refuses a command without an option that it needs. @param what to do */
export const missing = (option: string, what: string): DomainError =>
  new DomainError("FIELD_INVALID", `--${option} is missing: ${what}`, { field: option });
