/** @file Models in memory: what they are, what runs them, and who is using them. */
import type { DenoiserInfo } from "@tandem/diffusion";
import type { OpenAutoencoder } from "@tandem/networks";
import type { Evaluator, Execution } from "@tandem/runtime";
import { Leases } from "./leases.js";
import type { AutoencoderFacts, DenoiserFacts } from "./model-facts.js";
import type { LoadSettings } from "./model-source.js";

/** A model in memory, whatever it is for. Its weights never change: loading others under the same name makes another object. */
export type Loaded = LoadedModel | LoadedAutoencoder;

/** A denoiser ready to be called. */
export class LoadedModel {
  readonly #leases: Leases;

  constructor(
    /** Resource name, `models/{model}`. */
    readonly name: string,
    readonly facts: DenoiserFacts,
    readonly evaluator: Evaluator,
    /** As loaded, the server's choices filled in. */
    readonly settings: LoadSettings,
  ) {
    this.#leases = new Leases(name);
  }

  get execution(): Execution {
    return this.evaluator.execution;
  }

  get maxBatchSize(): number {
    return this.evaluator.maxBatchSize;
  }

  /** What the sampling loop must know. */
  get info(): DenoiserInfo {
    const { name, facts, maxBatchSize } = this;
    const { sampleShape, labelDim, digest } = facts;
    return { name, sampleShape, labelDim, maxBatchSize, weightsDigests: { [name]: digest } };
  }

  /** @throws DomainError MODEL_NOT_READY when it is being unloaded */
  lease = (): Disposable => this.#leases.take();
  retire = (): Promise<void> => this.#leases.retire();
}

/** An autoencoder ready to be called. */
export class LoadedAutoencoder {
  readonly #leases: Leases;

  constructor(
    readonly name: string,
    readonly facts: AutoencoderFacts,
    readonly autoencoder: OpenAutoencoder,
    /** Most images in one call. */
    readonly maxBatchSize: number,
    readonly settings: LoadSettings,
  ) {
    this.#leases = new Leases(name);
  }

  get execution(): Execution {
    return this.autoencoder.execution;
  }

  /** @throws DomainError MODEL_NOT_READY when it is being unloaded */
  lease = (): Disposable => this.#leases.take();
  retire = (): Promise<void> => this.#leases.retire();
}
