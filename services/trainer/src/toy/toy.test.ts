/** The plane is where training can be checked to the digit: its targets are known exactly, and its loss goes through a gradient. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { ToyTraining } from "@tandem/contracts";
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";
import { gaussianMixture, networkConfig, type ToyMlpConfig, toyTrainingGraph } from "@tandem/networks";
import { Draws } from "../edm2/draws.js";
import { TrainingStep } from "../step/training-step.js";
import { storedGradient } from "../testing/stored-gradient.js";
import { Mixture } from "./mixture.js";
import { resolveToy, toToyPlan } from "./toy-plan.js";
import { ToyTrainee } from "./toy-trainee.js";

const root = fileURLToPath(new URL("../../../../e2e/golden/toy/", import.meta.url));
const tensors = async (name: string): Promise<ReadonlyMap<string, TensorData>> =>
  (await readSafetensors(`${root}${name}.safetensors`)).tensors;
const floats = (of: ReadonlyMap<string, TensorData>, name: string) => toFloat32(of.get(name)!);
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const relative = (ours: Float32Array, expected: Float32Array) =>
  largest(ours.map((value, i) => value - expected[i]!)) / largest(expected);

const truth = await gaussianMixture({ classes: "A", seed: 2, numComponents: 1016 });

describe("three steps of the toy", () => {
  it("equal the reference's: losses, gradients through the score, parameters", async () => {
    const { layers, dim, lr } = JSON.parse(readFileSync(`${root}steps.json`, "utf8")) as Record<string, number>;
    const config = networkConfig({ kind: "toy_mlp", numLayers: layers, hiddenDim: dim }) as ToyMlpConfig & {
      kind: "toy_mlp";
    };
    await using step = await TrainingStep.open({
      build: () => toyTrainingGraph(config, 64, 1 / 64),
      ...{ limit: Number.POSITIVE_INFINITY, rounds: 1, emas: 0, threads: 2, tensors: await tensors("step-start") },
    });
    for (let i = 0; i < 3; i++) {
      const golden = await tensors(`step${i}`);
      const inputs = { x: floats(golden, "x"), sigma: floats(golden, "sigma"), score: floats(golden, "true_score") };
      const { loss } = await step.round(inputs, true);
      expect(relative(loss!, floats(golden, "loss"))).toBeLessThan(1e-5);
      for (const name of [...golden.keys()].filter((key) => key.startsWith("grad."))) {
        const error = relative(storedGradient(step, name.slice("grad.".length), 1), floats(golden, name));
        expect([name, error < 1e-5]).toEqual([name, true]);
      }
      await step.update(lr!, []);
    }
    const end = await tensors("step-end");
    const weights = step.weights();
    for (const [name, tensor] of end) {
      const [ours, expected] = [toFloat32(weights.get(name)!), toFloat32(tensor)];
      const errors = ours.map((value, i) => Math.abs(value - expected[i]!));
      const tolerance = 1e-5 * largest(expected);
      const off = errors.filter((error) => error > tolerance).length;
      expect([name, off <= Math.ceil(1e-3 * errors.length), largest(errors) <= 3 * lr!]).toEqual([name, true, true]);
    }
  });
});

describe("the mixture", () => {
  it("has the reference's score, also where every component's density is 0 in float32", async () => {
    const golden = await tensors("points");
    const [x, sigma, score] = ["x", "sigma", "score"].map((name) => floats(golden, name)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const ours = new Mixture(truth.tensors, sigma.length).scoreAt(x, sigma).slice();
    const known = [...score.keys()].filter((i) => Number.isFinite(score[i]));
    const at = (values: Float32Array) => Float32Array.from(known, (i) => values[i]!);
    expect(relative(at(ours), at(score))).toBeLessThan(1e-4);
    expect(ours.every(Number.isFinite)).toBe(true);
  });

  it("draws points as its density says: where the smoothed mixture has its mean and spread", async () => {
    const count = 20_000;
    const { x, sigma } = new Mixture(truth.tensors, count).draw(3, new Draws(7n), { pMean: -2.3, pStd: 1.5 });
    const [phi, mu] = [floats(truth.tensors, "phi"), floats(truth.tensors, "mu")];
    for (const axis of [0, 1]) {
      const mean = phi.reduce((sum, weight, k) => sum + weight * mu[2 * k + axis]!, 0);
      const ours = sigma.reduce((sum, _, i) => sum + x[2 * i + axis]!, 0) / count;
      expect(Math.abs(ours - mean)).toBeLessThan(0.03);
    }
    const logs = sigma.map(Math.log);
    expect(Math.abs(logs.reduce((sum, value) => sum + value, 0) / count + 2.3)).toBeLessThan(0.05);
  });
});

describe("a run of the toy", () => {
  const plan = toToyPlan(
    resolveToy(ToyTraining.fromPartial({ batchSize: 256, iterations: 60, network: { hiddenDim: 32 } })),
  );

  it("learns, and goes on from its state to the last bit", async () => {
    await using one = await ToyTrainee.open(plan, 2);
    const losses: number[] = [];
    for (let i = 0; i < 40; i++) losses.push((await one.step(i)).lossSum / plan.batch);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.8 * mean(losses.slice(0, 5)));
    const state = new Map(
      [...(await one.state())].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
    );
    const next = await one.step(40);
    await using other = await ToyTrainee.open(plan, 2);
    await other.restore(state);
    expect((await other.step(40)).lossSum).toBe(next.lossSum);
    const [a, b] = [await one.state(), await other.state()];
    for (const [name, { data }] of a) expect([name, Buffer.compare(data, b.get(name)!.data)]).toEqual([name, 0]);
  });

  it("refuses what the paper's toy does not have", () => {
    const of = (fields: Parameters<typeof ToyTraining.fromPartial>[0]) => () =>
      resolveToy(ToyTraining.fromPartial(fields));
    expect(of({ classes: "C" })).toThrow('spec.toy.classes is "C"; it must be one of A, B, AB');
    expect(of({ learningRate: -1 })).toThrow("spec.toy.learning_rate is -1");
    expect(of({ emaStd: 0.3 })).toThrow("spec.toy.ema_std is 0.3");
  });
});
