/** @file Evaluations of one model with one shape and one set of labels: a stream's session, or a single call. */
import { type FloatTensor, firstNotFinite } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { EvaluationResult } from "@tandem/runtime";
import type { LoadedModel } from "../models/loaded-model.js";
import type { Auxiliary } from "../models/model-facts.js";

/** What stays the same in a session. */
export interface DenoiseSettings {
  readonly model: LoadedModel;
  /** Samples in every step. */
  readonly count: number;
  /** Label rows [count, labelDim]; undefined means zero rows, or a model without labels. */
  readonly labels: FloatTensor | undefined;
  /** Scalars wanted beside the denoised samples. */
  readonly auxiliary: readonly Auxiliary[];
  /** Whom the device's time is for. */
  readonly client: string;
}

/** Steps of one client; each joins whatever batch the network computes next. */
export class DenoiseSession {
  readonly #labels: Float32Array | undefined;
  readonly #outputs: readonly string[];
  #steps = 0;

  constructor(private readonly settings: DenoiseSettings) {
    const { model, count, labels, auxiliary } = settings;
    const { labelDim } = model.facts;
    this.#labels = labelDim > 0 ? (labels?.data ?? new Float32Array(count * labelDim)) : undefined;
    this.#outputs = ["denoised", ...auxiliary];
  }

  /**
   * Evaluates once.
   * @param x      noisy samples [count, ...sampleShape]
   * @param sigma  noise level of each sample [count], positive and finite
   * @returns outputs by name: `denoised` of the shape of x, the auxiliary ones [count]
   * @throws DomainError NOT_FINITE, MODEL_NOT_READY (the model is being unloaded), QUEUE_FULL, OUT_OF_MEMORY; the signal's reason
   */
  async step(x: Float32Array, sigma: Float32Array, signal: AbortSignal): Promise<EvaluationResult> {
    const { model, count, client } = this.settings;
    const step = ++this.#steps;
    using _inUse = model.lease();
    const inputs = { x, sigma, ...(this.#labels && { labels: this.#labels }) };
    const result = await model.evaluator.evaluate({ count, inputs, outputs: this.#outputs, client, signal });
    for (const name of this.#outputs) checkResult(result.outputs[name]!, name, model.name, step);
    return result;
  }
}

function checkResult(values: Float32Array, output: string, model: string, step: number): void {
  const bad = firstNotFinite(values);
  if (bad === -1) return;
  throw new DomainError(
    "NOT_FINITE",
    `${model} returned ${values[bad]} in ${output}; are its weights damaged, or x far off?`,
    {
      resource: model,
      metadata: { model, step, output },
    },
  );
}
