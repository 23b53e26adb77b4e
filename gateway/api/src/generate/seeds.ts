/** @file Seeds as ranges: checked, counted and sliced without writing them all out. */
import { SeedRange } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";

/** Seeds in the order of the output. */
export class SeedList {
  readonly #ranges: readonly SeedRange[];
  /** How many. */
  readonly count: number;

  private constructor(ranges: readonly SeedRange[], count: number) {
    this.#ranges = ranges;
    this.count = count;
  }

  /**
   * @param field      path of the list, for errors
   * @param maxImages  most seeds in all
   * @throws DomainError FIELD_INVALID for no seeds, a range that runs backwards, a seed twice; LIMIT_EXCEEDED for too many
   */
  static parse(field: string, ranges: readonly SeedRange[], maxImages: number): SeedList {
    if (ranges.length === 0) throw invalid(field, undefined, "at least one range of seeds");
    let total = 0n;
    for (const [index, { first, last }] of ranges.entries()) {
      if (last < first) throw invalid(`${field}[${index}].last`, last, `at least first, which is ${first}`);
      total += last - first + 1n;
    }
    if (total > BigInt(maxImages))
      throw new DomainError("LIMIT_EXCEEDED", `${field} has ${total} seeds; at most ${maxImages} in one call`, {
        field,
        metadata: { limit: maxImages },
      });
    refuseRepeats(field, ranges);
    return new SeedList(ranges, Number(total));
  }

  /** Seeds at places start, start + 1, ..., end - 1. */
  slice(start: number, end: number): bigint[] {
    const seeds: bigint[] = [];
    let place = 0;
    for (const { first, last } of this.#ranges) {
      const length = Number(last - first) + 1;
      for (let i = Math.max(start - place, 0); i < Math.min(end - place, length); i++) seeds.push(first + BigInt(i));
      place += length;
      if (place >= end) break;
    }
    return seeds;
  }
}

function refuseRepeats(field: string, ranges: readonly SeedRange[]): void {
  const sorted = ranges
    .map((range, index) => ({ ...range, index }))
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.index - b.index));
  for (const [i, range] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before && range.first <= before.last)
      throw invalid(
        `${field}[${Math.max(range.index, before.index)}]`,
        `seed ${range.first} again`,
        "seeds that occur once",
      );
  }
}
