/** Whoever hunts a wrong image turns TANDEM_DEBUG up one level at a time: each adds what it promises, and nothing below 2 is slower. */
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { noiseLevels } from "@tandem/diffusion";
import { countCost, networkConfig } from "@tandem/networks";
import type { DebugLevel } from "@tandem/rpc";
import { points } from "../testing/golden.js";
import { type RunningSampler, startSampler } from "../testing/start-sampler.js";
import { DebugLog } from "./debug-log.js";
import { tensorStatistics } from "./tensor-statistics.js";

let sampler: RunningSampler;
beforeAll(async () => {
  sampler = await startSampler();
  const source = { $case: "network" as const, value: { architecture: { $case: "toyMlp" as const, value: {} } } };
  await sampler.models.loadModel({ name: "models/toy", source });
});
afterAll(async () => sampler[Symbol.asyncDispose]());

const inputs = () => ({ x: points(2).data, sigma: Float32Array.of(0.5, 0.5) });

/** Lines that one evaluation of the toy, and one step with it, leave at a level. */
async function logged(level: DebugLevel): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const debug = new DebugLog((facts, msg) => lines.push({ ...facts, msg }), level);
  const model = sampler.domain.models.ready("models/toy");
  const cost = countCost(networkConfig({ kind: "toy_mlp" }));
  const evaluator = debug.watch(model.name, model.evaluator, cost);
  const { outputs } = await evaluator.evaluate({ count: 2, inputs: inputs(), outputs: ["denoised"] });
  const denoised = { shape: [2, 2], data: outputs.denoised! };
  const levels = noiseLevels({ steps: 2, sigmaMin: 0.1, sigmaMax: 1 });
  const terms = [{ model, weight: 3, labels: "same" as const, interval: { low: 0.5, high: 2 } }];
  const plan = { main: model, terms, levels, seeds: [1n, 2n] };
  for (const step of [1, 2]) debug.step(plan, { step, steps: 2, sigma: levels[step]!, denoised, state: denoised });
  return lines;
}

describe("TANDEM_DEBUG", () => {
  it("adds nothing here up to 1: calls are logged by the server", async () => {
    expect(await logged(0)).toEqual([]);
    expect(await logged(1)).toEqual([]);
  });

  it("adds steps with noise level and weight, and evaluations, at 2", async () => {
    const lines = await logged(2);
    expect(lines.map(({ msg }) => msg)).toEqual(["evaluation", "step", "step"]);
    expect(lines[0]).toMatchObject({ model: "models/toy", samples: 2, sigma: 0.5 });
    expect(lines[1]).toMatchObject({ step: 1, sigma: 1, weights: [{ model: "models/toy", weight: 3 }] });
    expect(lines[2]).toMatchObject({ step: 2, weights: [{ weight: 1 }] }); // below the interval the guide is off
  });

  it("adds nodes and provider at 3", async () => {
    const [nodes] = await logged(3);
    expect(nodes).toMatchObject({ msg: "nodes", provider: "cpu", nodes: { linear: expect.any(Number) } });
  });

  it("adds statistics of tensors at 4", async () => {
    const evaluation = (await logged(4)).find(({ msg }) => msg === "evaluation");
    expect(evaluation).toMatchObject({
      inputs: { sigma: { min: 0.5, max: 0.5, mean: 0.5, rms: 0.5, notFinite: 0 } },
      outputs: { denoised: { notFinite: 0 } },
    });
  });
});

it("statistics leave out what is not finite, and count it", () => {
  const values = Float32Array.of(1, -3, Number.NaN, Number.POSITIVE_INFINITY);
  expect(tensorStatistics(values)).toEqual({ min: -3, max: 1, mean: -1, rms: Math.sqrt(5), notFinite: 2 });
});
