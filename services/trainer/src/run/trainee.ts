/** @file What a run trains, as the loop around it sees it: steps, state, networks. Data, noise and gradients are the trainee's. */
import type { TensorData } from "@tandem/formats";
import type { Encoding, NetworkConfig } from "@tandem/networks";

/** What a step did. Sums are over the step's elements of the loss, so that steps add up. */
export interface StepReport {
  readonly lossSum: number;
  readonly lossCount: number;
  readonly learningRate: number;
  /** EMA decay (beta) of this step, in the order of the profiles. */
  readonly emaBetas: readonly number[];
  /** Gradient elements that were NaN or infinite, and became 0. */
  readonly nonfiniteGradients: number;
  /** Further numbers by name, averaged over the steps of a status. */
  readonly statistics?: Readonly<Record<string, number>>;
}

/** A network as it is now. Its tensors may be views that the next step changes. */
export interface TrainedNetwork {
  readonly config: NetworkConfig;
  readonly encoding: Encoding;
  /** float32, by state-dict name. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** Something that learns step by step. Not to be called while a step is under way. */
export interface Trainee extends AsyncDisposable {
  /** Units that a step does: images, or one iteration of the toy. */
  readonly stepSize: number;
  /** EMA profiles, sigma_rel each. */
  readonly emaStds: readonly number[];
  /**
   * Does a step. The same state and the same `done` give the same result, bit for bit on one device.
   * @param done    units done before it
   * @param suspend may end it early, rejecting with the signal's reason: then state() is as it was before
   */
  step(done: number, suspend?: AbortSignal): Promise<StepReport>;
  /** Everything that a resumed run needs beside `done`. Views, valid until the next step. */
  state(): Promise<ReadonlyMap<string, TensorData>>;
  /** Takes a state that `state` gave. @throws DomainError MODEL_INCOMPATIBLE, SHAPE_MISMATCH naming the tensor */
  restore(state: ReadonlyMap<string, TensorData>): Promise<void>;
  /** The network of an EMA profile. */
  network(profile: number): Promise<TrainedNetwork>;
}
