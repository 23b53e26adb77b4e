/** @file The toy in training: points of a mixture, the score of a learned density (numerics, section 9). */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { emaBeta, exponentOf } from "@tandem/ema";
import { fromFloat32, type TensorData } from "@tandem/formats";
import { gaussianMixture, randomNetwork, toyTrainingGraph } from "@tandem/networks";
import { learningRate } from "../edm2/learning-rate.js";
import type { StepReport, TrainedNetwork, Trainee } from "../run/trainee.js";
import { TrainingStep } from "../step/training-step.js";
import type { MixtureBatch } from "./mixture.js";
import type { MixtureTask } from "./mixture-thread.js";
import type { ToyPlan } from "./toy-plan.js";

/** A step is one iteration. */
export class ToyTrainee implements Trainee {
  readonly stepSize = 1;
  readonly emaStds: readonly number[];
  readonly #exponent: number;
  #next: { readonly iteration: number; readonly batch: Promise<MixtureBatch> } | undefined;

  private constructor(
    private readonly plan: ToyPlan,
    private readonly training: TrainingStep,
    private readonly mixture: Worker,
  ) {
    this.emaStds = [plan.emaStd];
    this.#exponent = exponentOf(plan.emaStd);
  }

  /** A network at its beginning: weights N(0, 1), gain 0. */
  static async open(plan: ToyPlan, threads: number): Promise<ToyTrainee> {
    const { network, batch, seed, pMean, pStd, classes } = plan;
    const { tensors } = randomNetwork(network, Number(BigInt.asUintN(32, seed)));
    const training = await TrainingStep.open({
      build: () => toyTrainingGraph(network, batch, 1 / batch),
      limit: Number.POSITIVE_INFINITY,
      rounds: 1,
      emas: 1,
      threads,
      tensors: new Map([...tensors, ["gain", fromFloat32(new Float32Array(1), [], "F32")]]),
    });
    const truth = await gaussianMixture({ classes, seed: 2, numComponents: 1016 * classes.length });
    const task: MixtureTask = { tensors: truth.tensors, batch, seed, pMean, pStd };
    const worker = new Worker(new URL("./mixture-thread.js", import.meta.url), { workerData: task });
    return new ToyTrainee(plan, training, worker);
  }

  async step(done: number, suspend?: AbortSignal): Promise<StepReport> {
    suspend?.throwIfAborted();
    const pending = this.#next?.iteration === done ? this.#next : this.#prepare(done);
    const { x, sigma, score } = await pending.batch;
    this.#next = this.#prepare(done + 1);
    const { loss } = await this.training.round({ x, sigma, score }, true);
    const { learningRate: highest, decayIterations: decayBatches } = this.plan;
    const rate = learningRate(done, { learningRate: highest, decayBatches, batch: 1, rampupNimg: 0 });
    const beta = emaBeta(this.#exponent, done + 1, 1);
    const nonfiniteGradients = await this.training.update(rate, [beta]);
    const lossSum = loss!.reduce((sum, value) => sum + value, 0);
    return { lossSum, lossCount: loss!.length, learningRate: rate, emaBetas: [beta], nonfiniteGradients };
  }

  async state(): Promise<ReadonlyMap<string, TensorData>> {
    return this.training.state();
  }

  restore(state: ReadonlyMap<string, TensorData>): Promise<void> {
    return this.training.restore(state);
  }

  async network(profile: number): Promise<TrainedNetwork> {
    return { config: this.plan.network, encoding: { kind: "rgb" }, tensors: this.training.average(profile) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mixture.terminate();
    await this.training[Symbol.asyncDispose]();
  }

  /** Asks for a batch; answers come in the order of the questions. */
  #prepare(iteration: number) {
    const before: Promise<unknown> = this.#next?.batch ?? Promise.resolve();
    const batch = before.then(async () => {
      this.mixture.postMessage(iteration);
      const [answer] = (await once(this.mixture, "message")) as [MixtureBatch];
      return answer;
    });
    batch.catch(() => {}); // whoever asks for it hears of it
    return { iteration, batch };
  }
}
