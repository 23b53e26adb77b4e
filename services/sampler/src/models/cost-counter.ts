/** @file What an evaluation costs: counted over the graph, without weights and without running it. */
import { DomainError } from "@tandem/errors";
import { countCost, type NetworkConfig, type NetworkCost } from "@tandem/networks";
import type { ModelSource } from "./model-source.js";
import type { ModelStore } from "./model-store.js";
import type { NetworkReader } from "./network-reader.js";

/** What to count: a model of this server, a weights file, or an architecture. */
export type CostSubject = ModelSource | { readonly kind: "model"; readonly name: string };

/** An ONNX file may not say what it was made of. */
function known(config: NetworkConfig | undefined, resource: string): NetworkConfig {
  if (config) return config;
  throw new DomainError(
    "NOT_SUPPORTED",
    `the architecture of ${resource} is unknown: it is an ONNX file that was not exported here, and only known networks are counted`,
    { resource },
  );
}

const notCounted = (resource: string) =>
  new DomainError("NOT_SUPPORTED", `${resource} is an autoencoder; evaluations of denoisers are counted`, { resource });

/** Counts multiply-adds. */
export class CostCounter {
  constructor(
    private readonly models: ModelStore,
    private readonly networks: NetworkReader,
  ) {}

  /** @throws DomainError RESOURCE_NOT_FOUND, NOT_SUPPORTED (its architecture is unknown), and what reading a file says */
  async count(subject: CostSubject): Promise<NetworkCost> {
    return countCost(await this.#configOf(subject));
  }

  async #configOf(subject: CostSubject): Promise<NetworkConfig> {
    if (subject.kind === "network") return subject.config;
    if (subject.kind === "weights") {
      await this.networks.fetch(subject);
      const model = await this.networks.read(subject);
      if (model.kind === "autoencoder") throw notCounted(subject.uri);
      return known(model.network.config, subject.uri);
    }
    const { facts, source } = this.models.get(subject.name);
    if (facts?.kind === "autoencoder") throw notCounted(subject.name);
    if (facts) return known(facts.config, subject.name);
    return this.#configOf(source);
  }
}
