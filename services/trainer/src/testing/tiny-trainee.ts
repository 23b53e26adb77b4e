/** @file For tests of what is around a trainee: one that does thousands of steps a second, and remembers every image it was given. */
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";
import { randomNetwork } from "@tandem/networks";
import { Draws } from "../edm2/draws.js";
import { edm2Kind } from "../edm2/edm2-kind.js";
import type { Edm2Plan } from "../plan/edm2-plan.js";
import type { StepReport, TrainedNetwork, Trainee } from "../run/trainee.js";
import { digits } from "./draft.js";

const RATE = 0.01;
const DECAY = 0.9;

/**
 * A network whose weights follow noise: each step adds a draw that depends on seed and place, with momentum, and averages. Its
 * state depends on every step and on their order, as that of a real one does.
 */
export class TinyTrainee implements Trainee {
  readonly stepSize: number;
  readonly emaStds: readonly number[];
  readonly #tensors = new Map<string, Float32Array>();
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #draws: Draws;

  constructor(private readonly plan: Edm2Plan) {
    this.stepSize = plan.batch.size;
    this.emaStds = plan.emaStds;
    this.#draws = new Draws(plan.seed);
    for (const [name, tensor] of randomNetwork(plan.network, 0).tensors) {
      this.#add(`net.${name}`, tensor.shape, toFloat32(tensor));
      this.#add(`adam.m.${name}`, tensor.shape, new Float32Array(toFloat32(tensor).length));
      for (const profile of plan.emaStds.keys()) this.#add(`ema.${profile}.${name}`, tensor.shape, toFloat32(tensor));
    }
  }

  async step(done: number): Promise<StepReport> {
    let lossSum = 0;
    const draws = new Float32Array(4);
    for (const name of this.#names()) {
      const [weight, moment] = [this.#tensors.get(`net.${name}`)!, this.#tensors.get(`adam.m.${name}`)!];
      this.#draws.normal("noise", done, draws);
      for (let i = 0; i < weight.length; i++) {
        moment[i] = DECAY * moment[i]! + draws[i & 3]! + weight[i]! * RATE;
        weight[i]! -= RATE * moment[i]!;
        lossSum += weight[i]! ** 2;
      }
      for (const profile of this.emaStds.keys()) {
        const average = this.#tensors.get(`ema.${profile}.${name}`)!;
        for (let i = 0; i < average.length; i++) average[i]! += RATE * (weight[i]! - average[i]!);
      }
    }
    return {
      lossSum,
      lossCount: 1,
      learningRate: RATE,
      emaBetas: this.emaStds.map(() => 1 - RATE),
      nonfiniteGradients: 0,
    };
  }

  async state(): Promise<ReadonlyMap<string, TensorData>> {
    return new Map([...this.#tensors].map(([name, data]) => [name, fromFloat32(data, this.#shapes.get(name)!, "F32")]));
  }

  async restore(state: ReadonlyMap<string, TensorData>): Promise<void> {
    for (const [name, data] of this.#tensors) data.set(toFloat32(state.get(name)!));
  }

  async network(profile: number): Promise<TrainedNetwork> {
    const tensors = new Map<string, TensorData>();
    for (const name of this.#names()) {
      const full = `ema.${profile}.${name}`;
      tensors.set(name, fromFloat32(this.#tensors.get(full)!, this.#shapes.get(full)!, "F32"));
    }
    return { config: this.plan.network, encoding: this.plan.encoding, tensors };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #names(): string[] {
    return [...this.#tensors.keys()].filter((name) => name.startsWith("net.")).map((name) => name.slice(4));
  }

  #add(name: string, shape: readonly number[], data: Float32Array): void {
    this.#tensors.set(name, Float32Array.from(data));
    this.#shapes.set(name, shape);
  }
}

/** Diffusion runs with such a trainee, whatever the dataset. */
export const tinyKind = edm2Kind({
  facts: async () => ({ ...digits, shape: [3, 8, 8] }),
  open: async (plan) => new TinyTrainee(plan),
});
