import { describe, expect, it } from "@jest/globals";
import { evaluationLevels } from "./evaluations.js";
import { noiseLevels } from "./noise-levels.js";
import { readGoldenTensors } from "./testing/golden.js";

describe("noise levels", () => {
  it("fall from sigmaMax to sigmaMin, then 0, by default in 32 steps from 80 to 0.002", () => {
    const levels = noiseLevels();
    expect(levels).toHaveLength(33);
    expect(levels[0]).toBeCloseTo(80, 4);
    expect(levels[31]).toBeCloseTo(0.002, 8);
    expect(levels[32]).toBe(0);
  });

  it("are sigmaMax alone with one step", () => {
    expect([...noiseLevels({ steps: 1, sigmaMax: 0.001 })]).toEqual([expect.closeTo(0.001, 9), 0]);
  });

  it("are spaced evenly at rho 1", () => {
    expect([...noiseLevels({ steps: 3, sigmaMin: 1, sigmaMax: 3, rho: 1 })]).toEqual([3, 2, 1, 0]);
  });

  it("are the ones given, when they are given", () => {
    expect([...noiseLevels({ sigmas: [10, 1, 0.1] })]).toEqual([10, 1, 0.1, 0]);
  });

  it.each([
    ["plain", {}],
    ["steps8", { steps: 8, sigmaMax: 40, sigmaMin: 0.01, rho: 5 }],
    ["steps1", { steps: 2, sigmaMax: 5 }],
  ])("are those at which the reference evaluates: %s", (name, schedule) => {
    const file = new URL(`../../../e2e/golden/sampler/${name}.safetensors`, import.meta.url);
    const golden = readGoldenTensors(file).eval_sigma!.data;
    const ours = evaluationLevels({ solver: "heun", levels: noiseLevels(schedule) });
    expect(ours).toHaveLength(golden.length);
    ours.forEach((sigma, i) => {
      expect(Math.abs(sigma / golden[i]! - 1)).toBeLessThan(2e-6); // the reference takes its powers in float32
    });
  });

  it.each([
    ["num_steps", { steps: 0 }],
    ["num_steps", { steps: 1.5 }],
    ["num_steps", { steps: 10_001 }],
    ["sigma_min", { sigmaMin: 0 }],
    ["sigma_min", { sigmaMin: 80 }],
    ["sigma_max", { sigmaMax: Number.POSITIVE_INFINITY }],
    ["sigma_max", { sigmaMax: Number.NaN }],
    ["rho", { rho: -7 }],
    ["rho", { rho: 1e-9 }],
    ["rho", { rho: 7, sigmas: [1] }],
    ["sigmas[1]", { sigmas: [1, 1] }],
    ["sigmas[1]", { sigmas: [1, 0] }],
    ["sigmas[0]", { sigmas: [Number.NaN] }],
    ["sigmas[1]", { sigmas: [1, 1 - 1e-12] }],
  ])("refuse a wrong %s: %j", (field, schedule) => {
    const details = expect.objectContaining({ field: `sampling.schedule.${field}` });
    expect(() => noiseLevels(schedule)).toThrow(expect.objectContaining({ reason: "FIELD_INVALID", details }));
  });
});
