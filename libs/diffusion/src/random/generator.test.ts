import { describe, expect, it } from "@jest/globals";
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
