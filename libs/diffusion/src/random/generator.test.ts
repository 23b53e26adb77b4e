import { describe, expect, it } from "@jest/globals";
import { fma } from "./fused.js";
import { createGenerator, type GeneratorName, generators } from "./index.js";

describe.each(Object.keys(generators) as GeneratorName[])("%s", (name) => {
  it("gives the same stream for the same seed", () => {
    expect(createGenerator(name, 5).normal(100)).toEqual(createGenerator(name, 5n).normal(100));
  });

  it("uses a seed modulo 2^32", () => {
    expect(createGenerator(name, 2n ** 63n + 5n).normal(20)).toEqual(createGenerator(name, 5).normal(20));
  });

  it("fills an existing array with the same numbers", () => {
    const target = new Float32Array(33);
    createGenerator(name, 5).fillNormal(target);
    expect(target).toEqual(createGenerator(name, 5).normal(33));
  });

  it("draws normals of mean 0, variance 1 and kurtosis 3", () => {
    const values = createGenerator(name, 1).normal(100_000);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.015);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
  });

  it("draws integers of the whole range", () => {
    const generator = createGenerator(name, 1);
    const seen = new Set(Array.from({ length: 200 }, () => generator.integer(10)));
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN, -1n, 2n ** 64n])("refuses %p as a seed", (seed) => {
    expect(() => createGenerator(name, seed)).toThrow(/seeds is .*an integer from 0 to 2\^64 - 1/);
  });
});

it("refuses a generator that does not exist", () => {
  expect(() => createGenerator("mt" as GeneratorName, 1)).toThrow(/generator is "mt".*torch-cpu, torch-cuda/);
});

describe("the fused multiply-add", () => {
  const word = new Float32Array(1);
  const bits = new Uint32Array(word.buffer);

  it("rounds once where rounding twice goes wrong", () => {
    // 1 + 2^-23 plus a hair less than half a unit: stays; float64 first would make it a tie and round it up to even.
    const a = 2 ** -24 - 2 ** -48;
    const b = 1 + 2 ** -24 - 2 ** -24; // 1: the hair is a's
    const c = 1 + 2 ** -23;
    expect(fma(a * 2 ** 20, b * 2 ** -20, c)).toBe(c);
    const x = Math.fround(2 ** -24 * (1 - 2 ** -23));
    const y = Math.fround(1 + 2 ** -23);
    expect(Math.fround(x * y + c)).toBe(1 + 2 ** -22); // x y = 2^-24 (1 - 2^-46)
    expect(fma(x, y, c)).toBe(c);
    expect(fma(-x, y, -c)).toBe(-c);
  });

  it("equals exact arithmetic on random operands", () => {
    const random = createGenerator("torch-cpu", 3);
    for (let i = 0; i < 2000; i++) {
      const [a, b, c] = random.normal(3) as unknown as [number, number, number];
      const result = fma(a, b, c);
      const exact = scaled(a) * scaled(b) + (scaled(c) << 80n);
      const distance = (value: number) => {
        const difference = (scaled(value) << 80n) - exact;
        return difference < 0n ? -difference : difference;
      };
      word[0] = result;
      bits[0]!++;
      expect(distance(result) <= distance(word[0]!)).toBe(true);
      bits[0]! -= 2;
      expect(distance(result) <= distance(word[0]!)).toBe(true);
    }
  });
});

/** value * 2^80 as an integer, exact for float32 above 2^-56. */
function scaled(value: number): bigint {
  return BigInt(value * 2 ** 80);
}
