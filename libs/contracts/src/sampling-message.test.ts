import { describe, expect, it } from "@jest/globals";
import {
  LabelUse,
  NoiseGenerator,
  readGenerator,
  readSampling,
  readSeeds,
  readSigma,
  SamplingSpec,
  Solver,
} from "./index.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const read = (spec: Parameters<typeof SamplingSpec.fromPartial>[0]) => readSampling(SamplingSpec.fromPartial(spec));
const guidedBy = (term: object) => ({ guidance: [{ model: "models/gnet", weight: 2, ...term }] });

describe("a SamplingSpec", () => {
  it("has every default of the contract", () => {
    expect(read({ model: "models/net" })).toEqual({
      model: "models/net",
      guidance: [],
      schedule: { steps: 32, sigmaMin: 0.002, sigmaMax: 80, rho: 7 },
      solver: "heun",
      churn: { amount: 0, sigmaMin: 0, sigmaMax: infinity, noiseScale: 1 },
    });
  });

  it("keeps what is set, a weight of 0 included", () => {
    const plan = read({
      model: "models/net",
      guidance: [{ model: "models/gnet", weight: 0, interval: { low: 0.1, high: 2 }, labels: LabelUse.LABEL_USE_NONE }],
      schedule: { sigmas: [10, 1, 0.1] },
      solver: Solver.SOLVER_EULER,
      churn: { amount: 40, sigmaMin: 0.05, sigmaMax: 50, noiseScale: 0 },
    });
    expect(plan.guidance).toEqual([
      { model: "models/gnet", weight: 0, interval: { low: 0.1, high: 2 }, labels: "none" },
    ]);
    expect(plan.schedule).toEqual({ sigmas: [10, 1, 0.1] });
    expect(plan).toMatchObject({ solver: "euler", churn: { amount: 40, sigmaMin: 0.05, sigmaMax: 50, noiseScale: 0 } });
  });

  it("of one step needs no sigma_min below sigma_max", () => {
    expect(read({ schedule: { numSteps: 1, sigmaMax: 0.001 } }).schedule).toMatchObject({ sigmaMax: 0.001 });
  });

  it.each([
    ["schedule.num_steps", { schedule: { numSteps: 10_001 } }],
    ["schedule.sigma_min", { schedule: { sigmaMin: -1 } }],
    ["schedule.sigma_min", { schedule: { sigmaMin: nan } }],
    ["schedule.sigma_min", { schedule: { sigmaMin: 80 } }],
    ["schedule.sigma_max", { schedule: { sigmaMax: infinity } }],
    ["schedule.rho", { schedule: { rho: -7 } }],
    ["schedule.rho", { schedule: { rho: nan } }],
    ["schedule.rho", { schedule: { sigmas: [2, 1], rho: 7 } }],
    ["schedule.sigmas[1]", { schedule: { sigmas: [1, 1] } }],
    ["schedule.sigmas[1]", { schedule: { sigmas: [1, 0] } }],
    ["schedule.sigmas[0]", { schedule: { sigmas: [nan] } }],
    ["solver", { solver: 9 as Solver }],
    ["churn.amount", { churn: { amount: -1 } }],
    ["churn.amount", { churn: { amount: nan } }],
    ["churn.amount", { churn: { amount: 1 }, solver: Solver.SOLVER_DPMPP_2M }],
    ["churn.sigma_min", { churn: { sigmaMin: -1 } }],
    ["churn.sigma_max", { churn: { sigmaMin: 2, sigmaMax: 1 } }],
    ["churn.sigma_max", { churn: { sigmaMax: nan } }],
    ["churn.noise_scale", { churn: { noiseScale: infinity } }],
    ["guidance[0].weight", guidedBy({ weight: undefined })],
    ["guidance[0].weight", guidedBy({ weight: infinity })],
    ["guidance[0].interval.low", guidedBy({ interval: { low: -1 } })],
    ["guidance[0].interval.high", guidedBy({ interval: { low: 1, high: 1 } })],
    ["guidance[0].interval.high", guidedBy({ interval: { high: nan } })],
    ["guidance[0].labels", guidedBy({ labels: 3 as LabelUse })],
    ["guidance", { guidance: Array.from({ length: 17 }, () => ({ model: "models/gnet", weight: 2 })) }],
  ])("with a wrong %s names it: %j", (field, spec) => {
    const details = expect.objectContaining({ field: `sampling.${field}` });
    expect(() => read(spec)).toThrow(expect.objectContaining({ reason: "FIELD_INVALID", details }));
  });

  it("must be there", () => {
    expect(() => readSampling(undefined)).toThrow("sampling is missing");
  });
});

describe("seeds", () => {
  it("are distinct, and at least one", () => {
    expect(readSeeds([3n, 4294967299n])).toEqual([3n, 4294967299n]);
    expect(() => readSeeds([5n, 6n, 5n])).toThrow("5 twice");
    expect(() => readSeeds([])).toThrow("seeds");
  });

  it("go through a known generator", () => {
    expect(readGenerator(NoiseGenerator.NOISE_GENERATOR_UNSPECIFIED)).toBe("torch-cpu");
    expect(() => readGenerator(7 as NoiseGenerator)).toThrow("generator");
  });
});

describe("noise levels of a batch", () => {
  it("are one per sample, or one for all", () => {
    expect(readSigma([1, 2], 2)).toEqual(Float32Array.of(1, 2));
    expect(readSigma([3], 2)).toEqual(Float32Array.of(3, 3));
  });

  it.each([[[]], [[1, 2, 3]], [[0]], [[-1, 1]], [[nan]], [[infinity]]])("refuse %j for two samples", (sigma) => {
    expect(() => readSigma(sigma, 2)).toThrow("sigma");
  });
});
