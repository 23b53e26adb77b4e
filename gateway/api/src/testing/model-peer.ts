/**
 * @file A model server for tests: the contract over real gRPC, with Gaussian models. It counts, and can be told to pause; what it
 * serves is otherwise what a real server serves.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Model } from "@tandem/contracts";
import type { Denoiser } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import { denoiserOf, describeModel, type TestModel } from "./gaussian-models.js";

/** What tests look at and turn. */
export class ModelPeer {
  /** Evaluations begun, by model. */
  readonly evaluations = new Map<string, number>();
  /** DenoiseStreams open now. */
  openSessions = 0;
  /** Sample calls in progress. */
  openSamples = 0;
  /** Images decoded. */
  decoded = 0;
  /** Awaited at the beginning of every decoding, with how many images were decoded before. */
  onDecode: (count: number) => void | Promise<void> = () => {};
  /** Request ids of sessions and Sample calls. */
  readonly requestIds = new Set<string>();
  /** URIs that LoadModel was asked for. */
  readonly loaded: string[] = [];
  /** Awaited at the beginning of every evaluation, with how many were begun in all: a place to wait, to fail. */
  onEvaluation: (count: number) => void | Promise<void> = () => {};
  /** Awaited by LoadModel. */
  onLoad: (uri: string) => void | Promise<void> = () => {};
  /** Tells other weights than the model has; for a server whose weights were exchanged. */
  digestOverride: string | undefined;

  readonly #models = new Map<string, { model: TestModel; denoiser: Denoiser }>();

  constructor(models: readonly TestModel[]) {
    for (const model of models) this.add(model);
  }

  /** Evaluations begun in all. */
  get evaluationCount(): number {
    return [...this.evaluations.values()].reduce((sum, count) => sum + count, 0);
  }

  add(model: TestModel): Model {
    const denoiser = denoiserOf(model, async (name) => {
      this.evaluations.set(name, (this.evaluations.get(name) ?? 0) + 1);
      await this.onEvaluation(this.evaluationCount);
      if (model.delayMs) await sleep(model.delayMs);
    });
    this.#models.set(model.name, { model, denoiser });
    return describeModel(model);
  }

  remove(name: string): Model {
    const { model } = this.entry(name);
    this.#models.delete(name);
    return describeModel(model);
  }

  list(): Model[] {
    return [...this.#models.values()]
      .map(({ model }) => describeModel(model))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  entry(name: string): { model: TestModel; denoiser: Denoiser } {
    const entry = this.#models.get(name);
    if (entry) return entry;
    throw new DomainError("RESOURCE_NOT_FOUND", `there is no model ${name}`, { resource: name });
  }
}
