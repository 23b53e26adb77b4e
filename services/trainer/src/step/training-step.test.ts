/** The reference's own training, step for step: a wrong sign or a stale weight would show only as worse images, days later. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { emaBeta, exponentOf } from "@tandem/ema";
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";
import { type Edm2UnetConfig, edm2TrainingGraph, networkConfig } from "@tandem/networks";
import { learningRate } from "../edm2/learning-rate.js";
import { storedGradient } from "../testing/stored-gradient.js";
import { TrainingStep } from "./training-step.js";

const root = fileURLToPath(new URL("../../../../e2e/golden/train/", import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(root + path, "utf8"));
const tensors = async (path: string): Promise<ReadonlyMap<string, TensorData>> =>
  (await readSafetensors(`${root}${path}.safetensors`)).tensors;

interface Meta {
  config: Record<string, unknown>;
  P_mean: number;
  P_std: number;
  batch: number;
  rounds: number;
  lr_ref: number;
  lr_batches: number;
  steps: { lr: number; nimg_after: number; loss_sum: number[] }[];
}

const camelCase = (fields: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key.replace(/_(\w)/g, (_, c) => c.toUpperCase()), value]),
  );
const configOf = (meta: Meta, more: Partial<Edm2UnetConfig> = {}) =>
  networkConfig({ kind: "edm2_unet", ...camelCase(meta.config), ...more }) as Edm2UnetConfig & { kind: "edm2_unet" };

const stds = [0.05, 0.1];
const maxOf = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

async function open(name: string, { rounds = 2, isExact = false, batch = 12, threads = 2 } = {}) {
  const meta = json(`${name}/meta.json`) as Meta;
  const config = configOf(meta);
  const options = (exact: boolean) => ({ batch: batch / rounds, lossFactor: 1 / batch, isExact: exact || isExact });
  const start = await tensors(`${name}/start`);
  const build = (exact: boolean) => edm2TrainingGraph(config, options(exact));
  return { meta, step: await TrainingStep.open({ build, limit: 256 ** 2, rounds, emas: 2, threads, tensors: start }) };
}

/** Inputs of a golden round. */
async function inputsOf(name: string, meta: Meta, index: number, round: number) {
  const golden = await tensors(`${name}/step${index}_round${round}`);
  const read = (key: string) => toFloat32(golden.get(key)!);
  const sigma = read("normal").map((n) => Math.exp(meta.P_mean + meta.P_std * n));
  const inputs: Record<string, Float32Array> = { images: read("images"), noise: read("noise"), sigma };
  if (meta.config.label_dim !== 0) inputs.labels = read("labels");
  return { inputs, loss: read("loss") };
}

describe.each(["cond", "uncond"])("three steps of train/%s", (name) => {
  it("equal the reference's: loss maps, gradients, parameters, EMAs", async () => {
    const opened = await open(name);
    await using step = opened.step;
    const { meta } = opened;
    for (const [index, { lr, nimg_after: after }] of meta.steps.entries()) {
      for (let round = 0; round < meta.rounds; round++) {
        const { inputs, loss } = await inputsOf(name, meta, index, round);
        const ours = (await step.round(inputs, round === 0)).loss!;
        const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - loss[i]!)), 0);
        expect(worst).toBeLessThan(1e-5 * maxOf(loss));
      }
      if (index !== 1) await compareGradients(step, await tensors(`${name}/step${index}_grads`));
      const schedule = {
        learningRate: meta.lr_ref,
        decayBatches: meta.lr_batches,
        batch: meta.batch,
        rampupNimg: 10e6,
      };
      const rate = learningRate(after - meta.batch, schedule);
      expect(rate / lr).toBeCloseTo(1, 12);
      const betas = stds.map((std) => emaBeta(exponentOf(std), after, meta.batch));
      expect(await step.update(rate, betas)).toBe(0);
    }
    const lr = meta.steps.at(-1)!.lr;
    compareTensors(step.weights(), await tensors(`${name}/step2_params`), lr);
    for (const [i, std] of stds.entries())
      compareTensors(step.average(i), await tensors(`${name}/step2_ema${std.toFixed(3)}`), lr);
  });
});

async function compareGradients(step: TrainingStep, golden: ReadonlyMap<string, TensorData>): Promise<void> {
  const expected = [...golden].map(([name, tensor]) => [name, toFloat32(tensor)] as const);
  const gains = expected.filter(([, values]) => values.length === 1).map(([, [value]]) => Math.abs(value!));
  const largestGain = Math.max(...gains);
  for (const [name, values] of expected) {
    const ours = storedGradient(step, name, 2);
    const error = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
    const tolerance = values.length === 1 ? 1e-3 * largestGain : 1e-4 * maxOf(values);
    expect([name, error <= tolerance, error, tolerance]).toEqual([name, true, error, tolerance]);
  }
}

function compareTensors(
  ours: ReadonlyMap<string, TensorData>,
  golden: ReadonlyMap<string, TensorData>,
  lr: number,
): void {
  for (const [name, tensor] of golden) {
    const expected = toFloat32(tensor);
    const values = toFloat32(ours.get(name)!);
    const errors = values.map((value, i) => Math.abs(value - expected[i]!));
    const tolerance = 1e-5 * maxOf(expected);
    const off = errors.filter((error) => error > tolerance).length;
    expect([name, off <= Math.ceil(1e-3 * errors.length), maxOf(errors) <= 3 * lr]).toEqual([name, true, true]);
  }
}

describe("a step", () => {
  it("is the same with 4, 8 and 16 images at once", async () => {
    const results = await Promise.all(
      [4, 2, 1].map(async (rounds) => {
        const opened = await open("cond", { rounds, batch: 16 });
        await using step = opened.step;
        const golden = [
          [0, 0],
          [0, 1],
          [1, 0],
        ] as const;
        const parts = await Promise.all(golden.map(([index, round]) => inputsOf("cond", opened.meta, index, round)));
        const whole = Object.keys(parts[0]!.inputs).map((key) => {
          const values = Float32Array.from(parts.flatMap(({ inputs }) => [...inputs[key]!])); // of 18 images
          return [key, values.subarray(0, (values.length / 18) * 16)] as const;
        });
        await step.update(0, [1, 1]); // normalizes: every round does, and rounds must not differ in that
        for (let round = 0; round < rounds; round++) {
          const part = (values: Float32Array) =>
            values.slice((values.length / rounds) * round, (values.length / rounds) * (round + 1));
          await step.round(Object.fromEntries(whole.map(([key, values]) => [key, part(values)])), round === 0);
        }
        return storedGradient(step, "unet.out_conv.weight", rounds);
      }),
    );
    for (const other of results.slice(1)) {
      const error = other.reduce((most, value, i) => Math.max(most, Math.abs(value - results[0]![i]!)), 0);
      expect(error).toBeLessThan(1e-5 * maxOf(results[0]!));
    }
  });

  it("goes on from its state as if it had never stopped, to the last bit, whatever the threads of the optimizer", async () => {
    const first = await open("uncond");
    await using step = first.step;
    const once = async (of: TrainingStep, index: number) => {
      for (const round of [0, 1])
        await of.round((await inputsOf("uncond", first.meta, index, round)).inputs, round === 0);
      await of.update(1e-3, [0.9, 0.99]);
    };
    await once(step, 0);
    const state = new Map([...step.state()].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
    await once(step, 1);
    await using other = (await open("uncond")).step;
    await other.restore(state);
    await once(other, 1);
    const [mine, theirs] = [step.state(), other.state()];
    for (const [name, { data }] of mine)
      expect([name, Buffer.compare(data, theirs.get(name)!.data)]).toEqual([name, 0]);
  });

  it("makes gradients that are not finite 0, and counts them", async () => {
    const opened = await open("uncond", { rounds: 1, batch: 6 });
    await using step = opened.step;
    const { inputs } = await inputsOf("uncond", opened.meta, 0, 0);
    await step.round(inputs, true);
    const { gradient } = step.gradient("unet.out_gain");
    gradient[0] = Number.NaN;
    const before = toFloat32(step.weights().get("unet.out_gain")!)[0];
    expect(await step.update(1, [0.5, 0.5])).toBe(1);
    expect(toFloat32(step.weights().get("unet.out_gain")!)[0]).toBe(before);
  });

  it("is done exactly when activations grow beyond the clip", async () => {
    const opened = await open("uncond", { rounds: 1, batch: 6 });
    await using step = opened.step;
    const { inputs } = await inputsOf("uncond", opened.meta, 0, 0);
    const within = (await step.round(inputs, true)).loss!;
    const limited = await TrainingStep.open({
      build: (isExact) =>
        edm2TrainingGraph(configOf(opened.meta, { clipAct: 0.5 }), { batch: 6, lossFactor: 1 / 6, isExact }),
      ...{ limit: 0.25, rounds: 1, emas: 0, threads: 2, tensors: await tensors("uncond/start") },
    });
    await using _clipped = limited;
    const clipped = (await limited.round(inputs, true)).loss!;
    expect(maxOf(clipped.map((value, i) => value - within[i]!))).toBeGreaterThan(1e-3);
  });
});

describe("the learning rate", () => {
  it("equals the reference's at every point of its schedule", () => {
    const golden = json("learning_rate.json") as Record<
      "nimg" | "batch" | "ref_lr" | "ref_batches" | "rampup_Mimg" | "lr",
      number
    >[];
    for (const { nimg, batch, ref_lr, ref_batches: decayBatches, rampup_Mimg: ramp, lr } of golden) {
      const ours = learningRate(nimg, { learningRate: ref_lr, decayBatches, batch, rampupNimg: ramp * 1e6 });
      expect(Math.abs(ours - lr)).toBeLessThanOrEqual(1e-12 * lr);
    }
  });
});
