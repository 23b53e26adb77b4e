/** @file A model in memory: what it is, what runs it, and who is using it. */
import type { DenoiserInfo } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import type { Evaluator } from "@tandem/runtime";
import type { ModelFacts } from "./model-facts.js";
import type { LoadSettings } from "./model-source.js";

/** A model ready to be called. Its weights never change: loading other weights under the same name makes another object. */
export class LoadedModel {
  #users = 0;
  #idle = Promise.withResolvers<void>();
  #isRetired = false;

  constructor(
    /** Resource name, `models/{model}`. */
    readonly name: string,
    readonly facts: ModelFacts,
    readonly evaluator: Evaluator,
    /** As loaded, the server's choices filled in. */
    readonly settings: LoadSettings,
  ) {
    this.#idle.resolve();
  }

  /** What the sampling loop must know. */
  get info(): DenoiserInfo {
    const { name, facts, evaluator } = this;
    const { sampleShape, labelDim, digest } = facts;
    return { name, sampleShape, labelDim, maxBatchSize: evaluator.maxBatchSize, weightsDigests: { [name]: digest } };
  }

  /**
   * Keeps the model in memory until the lease is disposed of.
   * @throws DomainError MODEL_NOT_READY when it is being unloaded
   */
  lease(): Disposable {
    if (this.#isRetired) throw notReady(this.name, "UNLOADED");
    if (this.#users++ === 0) this.#idle = Promise.withResolvers();
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        if (--this.#users === 0) this.#idle.resolve();
      },
    };
  }

  /** Refuses new leases at once; resolves when the last one is given back. */
  retire(): Promise<void> {
    this.#isRetired = true;
    return this.#idle.promise;
  }
}

/** The error of a call to a model that cannot be called now. @param state as in ModelState, without its prefix */
export function notReady(name: string, state: string, cause?: Error): DomainError {
  const why = cause instanceof DomainError ? `: ${cause.message}` : "";
  const remedy = state === "LOADING" ? "wait until it is ready" : "LoadModel brings it into memory";
  return new DomainError("MODEL_NOT_READY", `${name} is ${state}${why}; ${remedy}`, {
    resource: name,
    metadata: { state: `MODEL_STATE_${state}` },
    cause,
  });
}
