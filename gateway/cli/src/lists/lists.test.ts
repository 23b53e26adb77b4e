/** Scripts written for the reference pass these lists; a list read otherwise makes other images or other EMA profiles. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { imageCountOfKimg, parseEmaLengths } from "@tandem/ema";
import { parseImageCount } from "./image-counts.js";
import { parseSeeds, seedRanges } from "./seeds.js";

interface Case {
  text: string;
  value: unknown;
}
const golden = JSON.parse(readFileSync(new URL("../../../../e2e/golden/lists.json", import.meta.url), "utf8")) as {
  seeds: Case[];
  stds: Case[];
  nimg: Case[];
  kimg_to_nimg: { kimg: number; nimg: number }[];
};

function agrees(parse: (text: string) => unknown, { text, value }: Case) {
  const error = (value as { error?: string }).error;
  if (error === undefined) expect(parse(text)).toEqual(value);
  else expect(() => parse(text)).toThrow(error);
}

describe("lists are read as the reference reads them", () => {
  it.each(golden.seeds)("seeds $text", (one) => agrees(parseSeeds, one));
  it.each(golden.stds)("EMA lengths $text", (one) => agrees(parseEmaLengths, one));
  it.each(golden.nimg)("image count $text", (one) => agrees(parseImageCount, one));
  it.each(golden.kimg_to_nimg)("$kimg thousand images", ({ kimg, nimg }) => expect(imageCountOfKimg(kimg)).toBe(nimg));
});

describe("what is no list is refused with a reason", () => {
  it.each(["", "a", "1,,2", "1-", "-1", "5-3", "1.5", "99999999999999999999"])("seeds %j", (text) => {
    expect(() => parseSeeds(text)).toThrow(/seeds is/);
  });
  it("a seed that occurs twice", () => expect(() => parseSeeds("1-5,3")).toThrow("seed 3 occurs twice"));
  it("more seeds than memory should hold", () => expect(() => parseSeeds("0-99999999999")).toThrow(/10000000/));
  it.each(["", "x", "0.1,", "0.1,0.2,..."])("EMA lengths %j", (text) => expect(() => parseEmaLengths(text)).toThrow());
  it.each(["", "1.5Mi", "2k", "-1", "1 Ki"])("image count %j", (text) => expect(() => parseImageCount(text)).toThrow());
});

it("consecutive seeds travel as ranges", () => {
  expect(seedRanges([1, 2, 5, 6, 7, 4])).toEqual([
    { first: 1n, last: 2n },
    { first: 5n, last: 7n },
    { first: 4n, last: 4n },
  ]);
});
