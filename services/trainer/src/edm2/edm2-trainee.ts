/** @file A diffusion network in training: batches of a dataset, noise, steps (numerics, section 4). */
import { openDataset, type SampleSource, trainingSource } from "@tandem/datasets";
import { emaBeta, exponentOf } from "@tandem/ema";
import { fromFloat32, type TensorData } from "@tandem/formats";
import { edm2TrainingGraph, randomNetwork, sampleShape } from "@tandem/networks";
import type { Edm2Plan } from "../plan/edm2-plan.js";
import type { StepReport, TrainedNetwork, Trainee } from "../run/trainee.js";
import { type RoundInputs, TrainingStep } from "../step/training-step.js";
import { Draws } from "./draws.js";
import { type Encode, encoder } from "./encoder.js";
import { learningRate } from "./learning-rate.js";

/** Trains the network of a plan on a dataset at a path. @throws DomainError DATASET_INVALID, RESOURCE_NOT_FOUND */
export async function openEdm2Trainee(plan: Edm2Plan, dataset: string, threads: number): Promise<Trainee> {
  const opened = await openDataset(dataset);
  const source = trainingSource(opened, { seed: plan.seed, isConditional: plan.network.labelDim > 0 });
  try {
    return await Edm2Trainee.open(plan, source, threads);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A round that is ready to be computed. */
interface Round {
  /** First image of the round in the run. */
  readonly first: number;
  readonly inputs: Promise<RoundInputs>;
}

/** The trainee of diffusion runs. While a round computes, the next one is read and drawn. */
export class Edm2Trainee implements Trainee {
  readonly stepSize: number;
  readonly emaStds: readonly number[];
  readonly #draws: Draws;
  readonly #encode: Encode;
  /** Elements of a sample. */
  readonly #size: number;
  readonly #exponents: readonly number[];
  #next: Round | undefined;

  private constructor(
    private readonly plan: Edm2Plan,
    private readonly source: SampleSource,
    private readonly training: TrainingStep,
  ) {
    this.stepSize = plan.batch.size;
    this.emaStds = plan.emaStds;
    this.#draws = new Draws(plan.seed);
    this.#size = sampleShape(plan.network).reduce((a, b) => a * b, 1);
    this.#encode = encoder(plan.encoding, this.#size);
    this.#exponents = plan.emaStds.map(exponentOf);
  }

  /** A network at its beginning: weights N(0, 1), gains 0. @param source is closed with it */
  static async open(plan: Edm2Plan, source: SampleSource, threads: number): Promise<Edm2Trainee> {
    const { batch, network, lossScaling, emaStds } = plan;
    const lossFactor = lossScaling / batch.size;
    const step = await TrainingStep.open({
      build: (isExact) => edm2TrainingGraph(network, { batch: batch.batchGpu, lossFactor, isExact }),
      limit: network.clipAct ** 2,
      rounds: batch.rounds * batch.replicas,
      emas: emaStds.length,
      threads,
      tensors: beginning(plan),
    });
    return new Edm2Trainee(plan, source, step);
  }

  async step(done: number, suspend?: AbortSignal): Promise<StepReport> {
    suspend?.throwIfAborted();
    const { batch, ...plan } = this.plan;
    let [lossSum, lossCount] = [0, 0];
    for (let first = done; first < done + batch.size; first += batch.batchGpu) {
      const inputs = await this.#inputs(first);
      this.#next = this.#prepare(first + batch.batchGpu);
      const { loss } = await this.training.round(inputs, first === done);
      for (const value of loss!) lossSum += value;
      lossCount += loss!.length;
    }
    const rate = learningRate(done, { ...plan, batch: batch.size });
    const emaBetas = this.#exponents.map((exponent) => emaBeta(exponent, done + batch.size, batch.size));
    const nonfiniteGradients = await this.training.update(rate, emaBetas);
    return { lossSum, lossCount, learningRate: rate, emaBetas, nonfiniteGradients };
  }

  async state(): Promise<ReadonlyMap<string, TensorData>> {
    return this.training.state();
  }

  restore(state: ReadonlyMap<string, TensorData>): Promise<void> {
    return this.training.restore(state);
  }

  async network(profile: number): Promise<TrainedNetwork> {
    const { network: config, encoding } = this.plan;
    return { config, encoding, tensors: this.training.average(profile) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.inputs.catch(() => {}); // nobody will ask for them
    await this.training[Symbol.asyncDispose]();
    await this.source.close();
  }

  /** The round that was prepared, or another one, after a state was restored. */
  #inputs(first: number): Promise<RoundInputs> {
    const round = this.#next?.first === first ? this.#next : this.#prepare(first);
    this.#next = undefined;
    return round.inputs;
  }

  #prepare(first: number): Round {
    const inputs = this.#read(first);
    inputs.catch(() => {}); // whoever asks for them hears of it
    return { first, inputs };
  }

  /** Samples and everything random of a round, all of it functions of the images' places in the run. */
  async #read(first: number): Promise<RoundInputs> {
    const { plan } = this;
    const count = plan.batch.batchGpu;
    const { data, labels } = await this.source.read(first, count);
    const images = new Float32Array(count * this.#size);
    this.#encode(data, first, this.#draws, images);
    const noise = new Float32Array(images.length);
    const sigma = new Float32Array(count);
    const normal = new Float32Array(1);
    for (let i = 0; i < count; i++) {
      this.#draws.normal("sigma", first + i, normal);
      sigma[i] = Math.exp(plan.pMean + plan.pStd * normal[0]!);
      this.#draws.normal("noise", first + i, noise.subarray(i * this.#size, (i + 1) * this.#size));
    }
    const inputs: Record<string, Float32Array> = { images, noise, sigma };
    if (labels) inputs.labels = labels;
    for (const [block, [name, shape]] of [...this.training.masks].entries()) {
      const size = shape.reduce((a, b) => a * b, 1) / count;
      const mask = new Float32Array(count * size);
      for (let i = 0; i < count; i++)
        this.#draws.mask(block, first + i, plan.network.dropout, mask.subarray(i * size, (i + 1) * size));
      inputs[name] = mask;
    }
    return inputs;
  }
}

/** Tensors of a run that begins: gains are 0, so that the network is the identity of its preconditioning (numerics, section 2). */
function beginning({ network, seed }: Edm2Plan): Map<string, TensorData> {
  const { tensors } = randomNetwork(network, Number(BigInt.asUintN(32, seed)));
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      name.endsWith("_gain") ? fromFloat32(new Float32Array(1), tensor.shape, "F32") : tensor,
    ]),
  );
}
