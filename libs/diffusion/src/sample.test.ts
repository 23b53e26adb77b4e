/** The one loop: whatever runs the networks, a seed gives one image, and stopping stops. */
import { describe, expect, it } from "@jest/globals";
import { drawBatch } from "./draw-batch.js";
import { countEvaluations, evaluationLevels } from "./evaluations.js";
import { guided } from "./guidance/guided.js";
import { noiseLevels } from "./noise-levels.js";
import { type SampleOptions, type StepReport, sample } from "./sample.js";
import { type SolverName, solvers } from "./solvers/index.js";
import { type GaussianOptions, gaussianDenoiser } from "./testing.js";

const levels = noiseLevels({ steps: 6 });
const churn = { amount: 3, sigmaMin: 0.05, sigmaMax: 50, noiseScale: 1.003 };
const seeds = [7, 8, 9];

/** A run over three labelled images whose network is a Gaussian. */
function run(more: Partial<SampleOptions> = {}, network: GaussianOptions = {}, chosen: number[] = seeds) {
  const denoiser = gaussianDenoiser({ spread: 0.5, ...network });
  const { sampleShape, labelDim } = denoiser.info;
  const { noise, labels, generators } = drawBatch({ generator: "torch-cpu", seeds: chosen, sampleShape, labelDim });
  return sample({ denoiser, levels, solver: "heun", noise, labels, generators, ...more });
}

describe.each(Object.keys(solvers) as SolverName[])("sampling with %s", (solver) => {
  const churned = solvers[solver].takesChurn ? [undefined, churn] : [undefined];

  it.each(churned)("gives a sample of a batch the bytes that it gets alone (churn %j)", async (churn) => {
    const together = (await run({ solver, churn })).samples;
    for (const [n, seed] of seeds.entries()) {
      const alone = (await run({ solver, churn }, {}, [seed])).samples;
      expect(alone.data).toEqual(together.data.slice(n * 48, (n + 1) * 48));
    }
  });

  it("leaves the start untouched, and gives what noise times the first level gives", async () => {
    const noise = { shape: [1, 3, 4, 4], data: Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)) };
    const start = { shape: noise.shape, data: noise.data.map((value) => value * Math.fround(levels[0]!)) };
    const before = structuredClone({ noise, start });
    const fromNoise = await run({ solver, noise, labels: undefined });
    const fromStart = await run({ solver, noise: undefined, start, labels: undefined });
    expect(fromStart.samples).toEqual(fromNoise.samples);
    expect({ noise, start }).toEqual(before);
  });

  it("evaluates as often, and at the levels, as was known ahead", async () => {
    const evaluated: number[] = [];
    const onEvaluation: GaussianOptions["onEvaluation"] = ({ inputs }) => void evaluated.push(inputs.sigma![2]!);
    const { evaluations, networkEvaluations } = await run({ solver }, { onEvaluation });
    expect(evaluated).toEqual([...evaluationLevels({ solver, levels })]);
    expect([evaluations, networkEvaluations]).toEqual([evaluated.length, evaluated.length]);
    expect(evaluations).toBe({ heun: 11, euler: 6, dpmpp_2m: 6 }[solver]);
  });

  it("reports every step with the state reached; the last is the result", async () => {
    const reports: StepReport[] = [];
    const onStep = (report: StepReport) => void reports.push(structuredClone(report));
    const { samples } = await run({ solver, onStep });
    expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reports.map(({ sigma }) => sigma)).toEqual([...Float32Array.from(levels.slice(1))]);
    expect(reports.at(-1)!.state).toEqual(samples);
    reports.at(-1)!.denoised.data.forEach((value, i) => {
      expect(value).toBeCloseTo(samples.data[i]!, 5); // the last step goes all the way to the estimate
    });
  });

  it("stops before the next evaluation when the signal is aborted, with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("the tab was closed");
    let evaluations = 0;
    const onEvaluation = () => {
      if (++evaluations === 3) controller.abort(reason);
    };
    await expect(run({ solver, signal: controller.signal }, { onEvaluation })).rejects.toBe(reason);
    expect(evaluations).toBe(3);
  });

  it("waits for whoever listens to its steps, and notices an abort that came meanwhile", async () => {
    const controller = new AbortController();
    let isListening = false;
    const onEvaluation = () => expect(isListening).toBe(false);
    const onStep = async ({ step }: StepReport) => {
      isListening = true;
      await new Promise((resolve) => setImmediate(resolve));
      isListening = false;
      if (step === 6) controller.abort(new Error("too late"));
    };
    await expect(run({ solver, onStep, signal: controller.signal }, { onEvaluation })).rejects.toThrow("too late");
  });
});

describe("churn", () => {
  const many = Array.from({ length: 2000 }, (_, seed) => seed);
  const points: GaussianOptions = { sampleShape: [2], labelDim: 0, maxBatchSize: 2000, spread: 0.5 };

  it("keeps the distribution of the data", async () => {
    const churn = { amount: 20 };
    const { samples } = await run({ churn, levels: noiseLevels({ steps: 64 }) }, points, many);
    const mean = samples.data.reduce((sum, value) => sum + value, 0) / 4000;
    const variance = samples.data.reduce((sum, value) => sum + value ** 2, 0) / 4000;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(Math.sqrt(variance) / 0.5 - 1)).toBeLessThan(0.04);
    const plain = (await run({ levels: noiseLevels({ steps: 64 }) }, points, many)).samples;
    const product = samples.data.reduce((sum, value, i) => sum + value * plain.data[i]!, 0) / 4000;
    expect(Math.abs(product) / 0.25).toBeLessThan(0.3); // and forgets the start, which decides everything without it
  });

  it("draws once for every step whose level lies between sigmaMin and sigmaMax, and evaluates at the raised level", async () => {
    const { generators, noise, labels } = drawBatch({
      generator: "torch-cpu",
      seeds: [5],
      sampleShape: [3, 4, 4],
      labelDim: 4,
    });
    await run({ churn, generators, noise, labels });
    const fresh = drawBatch({ generator: "torch-cpu", seeds: [5], sampleShape: [3, 4, 4], labelDim: 4 }).generators[0]!;
    const within = levels.filter((sigma) => sigma >= 0.05 && sigma <= 50).length;
    expect(within).toBe(4);
    for (let i = 0; i < within; i++) fresh.normal(48);
    expect(generators[0]!.normal(48)).toEqual(fresh.normal(48));
    const evaluated = evaluationLevels({ solver: "euler", levels, churn });
    evaluated.forEach((sigma, i) => {
      const isRaised = levels[i]! >= 0.05 && levels[i]! <= 50;
      expect(sigma / levels[i]!).toBeCloseTo(isRaised ? Math.SQRT2 : 1, 5); // 3 / 6 is over the bound, sqrt(2) - 1
    });
  });

  it("acts at both ends of its range, as float32 has them", () => {
    const raised = evaluationLevels({
      solver: "euler",
      levels: [0.7, 0.3, 0.1, 0.01, 0],
      churn: { amount: 0.4, sigmaMin: 0.1, sigmaMax: 0.3 },
    });
    expect([...raised]).toEqual([0.7, 0.33, 0.11, 0.01].map((sigma) => expect.closeTo(sigma, 6)));
  });

  it("of amount 0 draws nothing", async () => {
    expect((await run({ churn: { amount: 0 }, generators: undefined })).samples).toEqual((await run()).samples);
  });

  it.each([
    ["sampling.churn.amount", { churn: { amount: -1 } }],
    ["sampling.churn.amount", { churn: { amount: 1 }, solver: "dpmpp_2m" as const }],
    ["sampling.churn.sigma_min", { churn: { amount: 1, sigmaMin: Number.NaN } }],
    ["sampling.churn.sigma_max", { churn: { amount: 1, sigmaMin: 2, sigmaMax: 1 } }],
    ["sampling.churn.noise_scale", { churn: { amount: 1, noiseScale: Number.POSITIVE_INFINITY } }],
    ["generators", { churn: { amount: 1 }, generators: [] }],
  ])("refuses a wrong %s", async (field, options) => {
    await expect(run(options)).rejects.toMatchObject({ reason: "FIELD_INVALID", details: { field } });
  });
});

describe("a guided run", () => {
  const net = gaussianDenoiser({ spread: 0.5 });
  const term = { denoiser: gaussianDenoiser({ spread: 0.8 }), weight: 2, interval: { low: 0.1, high: 10 } };

  it("counts the networks of all models, as was known ahead", async () => {
    const { evaluations, networkEvaluations } = await run({ denoiser: guided(net, [term]) });
    expect(evaluations).toBe(11);
    expect(networkEvaluations).toBe(countEvaluations({ solver: "heun", levels }, [term]));
    const guiding = evaluationLevels({ solver: "heun", levels }).filter((sigma) => sigma > 0.1 && sigma <= 10).length;
    expect(networkEvaluations).toBe(11 + guiding);
  });

  it("contains the levels at both ends that float32 rounds away from the interval's", async () => {
    const exact = { sigmas: [0.3, 0.1] }; // 0.3 and 0.1 are larger in float32
    const ends = { weight: 2, interval: { low: 0.1, high: 0.3 } };
    expect(countEvaluations({ solver: "euler", levels: noiseLevels(exact) }, [ends])).toBe(3);
  });
});

describe("a run that cannot be", () => {
  it("names the step at which the network broke", async () => {
    let evaluations = 0;
    const broken = gaussianDenoiser();
    const denoiser = {
      ...broken,
      denoise: (...args: Parameters<typeof broken.denoise>) =>
        (++evaluations === 4 ? gaussianDenoiser({ spread: Number.NaN }) : broken).denoise(...args),
    };
    await expect(run({ denoiser })).rejects.toMatchObject({
      message: "models/gaussian returned NaN or infinity in step 2 of 6",
      details: { metadata: { model: "models/gaussian", step: 2 } },
    });
  });

  it.each([
    ["SHAPE_MISMATCH", { noise: { shape: [3, 4, 4], data: new Float32Array(48) } }],
    ["SHAPE_MISMATCH", { noise: { shape: [1, 3, 4, 4], data: new Float32Array(47) } }],
    ["FIELD_INVALID", { noise: undefined }],
    ["FIELD_INVALID", { levels: [3, 2, 1] }],
    ["FIELD_INVALID", { levels: [1, 2, 0] }],
    ["FIELD_INVALID", { levels: [0] }],
    ["FIELD_INVALID", { solver: "rk4" as SolverName }],
    ["FIELD_INVALID", { start: { shape: [1, 3, 4, 4], data: new Float32Array(48) } }],
  ])("is refused: %s", async (reason, options) => {
    await expect(run(options)).rejects.toMatchObject({ reason });
  });
});
