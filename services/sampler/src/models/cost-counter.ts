/** @file What an evaluation costs: counted over the graph, without weights and without running it. */
import { countCost, type NetworkConfig, type NetworkCost } from "@tandem/networks";
import type { ModelSource } from "./model-source.js";
import type { ModelStore } from "./model-store.js";
import type { NetworkReader } from "./network-reader.js";

/** What to count: a model of this server, a weights file, or an architecture. */
export type CostSubject = ModelSource | { readonly kind: "model"; readonly name: string };

/** Counts multiply-adds. */
export class CostCounter {
  constructor(
    private readonly models: ModelStore,
    private readonly networks: NetworkReader,
  ) {}

  /** @throws DomainError RESOURCE_NOT_FOUND, MODEL_NOT_READY (its weights were never read), and what reading a file says */
  async count(subject: CostSubject): Promise<NetworkCost> {
    return countCost(await this.#configOf(subject));
  }

  async #configOf(subject: CostSubject): Promise<NetworkConfig> {
    if (subject.kind === "network") return subject.config;
    if (subject.kind === "weights") {
      await this.networks.fetch(subject);
      return (await this.networks.read(subject)).config;
    }
    const { facts, source } = this.models.get(subject.name);
    if (facts) return facts.config;
    return this.#configOf(source);
  }
}
