/** @file Seed lists: `16-19`, `1,2,5-10`. */
import { DomainError, invalid } from "@tandem/errors";

/** Largest seed: the contract's uint64 as far as a number counts exactly. */
const LARGEST = Number.MAX_SAFE_INTEGER;
/** Most seeds of one command, as GenerationSpec.seeds allows. */
const MOST = 10_000_000;

/**
 * Integers of a list of numbers and inclusive ranges, in the order given.
 * @param text e.g. `0-3,7`; each number 0 to 2^53 - 1
 * @throws DomainError FIELD_INVALID: not a list, a range that runs backwards, more than 10,000,000 numbers
 */
export function parseIntegers(text: string, field = "seeds"): number[] {
  const values: number[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (!match) throw invalid(field, text, "numbers and ranges such as 1,2,5-10");
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last > LARGEST) throw invalid(field, part, `at most ${LARGEST}`);
    if (last < first) throw invalid(field, part, "a range from the smaller number to the larger");
    if (values.length + last - first + 1 > MOST) throw invalid(field, text, `at most ${MOST} numbers`);
    for (let value = first; value <= last; value++) values.push(value);
  }
  return values;
}

/**
 * Seeds of images, each at most once.
 * @throws DomainError FIELD_INVALID as parseIntegers, or when a seed occurs twice
 */
export function parseSeeds(text: string): number[] {
  const seeds = parseIntegers(text, "seeds");
  const seen = new Set<number>();
  for (const seed of seeds) {
    if (seen.has(seed))
      throw new DomainError("FIELD_INVALID", `seed ${seed} occurs twice in ${text}`, { field: "seeds" });
    seen.add(seed);
  }
  return seeds;
}

/** Runs of consecutive seeds, as the contract's SeedRange lists them. */
export function seedRanges(seeds: readonly number[]): { first: bigint; last: bigint }[] {
  const ranges: { first: bigint; last: bigint }[] = [];
  for (const seed of seeds.map(BigInt)) {
    const open = ranges.at(-1);
    if (open && open.last + 1n === seed) open.last = seed;
    else ranges.push({ first: seed, last: seed });
  }
  return ranges;
}
