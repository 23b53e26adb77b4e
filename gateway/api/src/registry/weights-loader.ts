/** @file Brings weights into a server: the one with most room, once, however many ask. */
import type { Model } from "@tandem/contracts";
import { DomainError, type Reason } from "@tandem/errors";
import type { DeadlinePolicy } from "../config.js";
import type { ModelServer } from "./model-server.js";
import type { Holder, Registry } from "./registry.js";
import { modelName } from "./weights-uri.js";

/** Failures that are the server's, not the file's: the next one may do better. */
const TRY_NEXT: ReadonlySet<Reason> = new Set<Reason>(["SERVER_UNAVAILABLE", "OUT_OF_MEMORY", "NOT_SUPPORTED"]);

/** Loads weights by URI. */
export class WeightsLoader {
  readonly #loads = new Map<string, Promise<Holder>>();

  constructor(
    private readonly registry: Registry,
    private readonly policy: DeadlinePolicy,
  ) {}

  /**
   * Loads into the candidate with most room. A load under way is joined, and goes on when the caller no longer waits.
   * @param uri         what the servers are to read
   * @param digest      `sha256:...` that the content must have, when known
   * @param avoided     servers that have other models of the same generation: net and gnet are spread
   * @param only        the one server to load on
   * @throws DomainError SERVER_UNAVAILABLE when no server is healthy, or the last server's error
   */
  load(
    uri: string,
    digest: string | undefined,
    avoided: ReadonlySet<ModelServer>,
    only?: ModelServer,
  ): Promise<Holder> {
    const key = `${uri}\n${digest ?? ""}\n${only?.name ?? ""}`;
    let load = this.#loads.get(key);
    if (!load) {
      load = this.#load(uri, digest, only ? [only] : this.#byRoom(avoided)).finally(() => this.#loads.delete(key));
      this.#loads.set(key, load);
    }
    return load;
  }

  #byRoom(avoided: ReadonlySet<ModelServer>): ModelServer[] {
    const order = (server: ModelServer) => [Number(avoided.has(server)), server.knownModels.size + server.loading];
    return this.registry.modelServers.sort((a, b) => {
      const [usedA = 0, modelsA = 0] = order(a);
      const [usedB = 0, modelsB = 0] = order(b);
      return usedA - usedB || modelsA - modelsB;
    });
  }

  async #load(uri: string, digest: string | undefined, servers: ModelServer[]): Promise<Holder> {
    let last = new DomainError("SERVER_UNAVAILABLE", `no healthy server can load ${uri}; ListServers shows why`);
    for (const server of servers) {
      try {
        return { server, model: await this.#loadOn(server, uri, digest) };
      } catch (error) {
        if (!(error instanceof DomainError) || !TRY_NEXT.has(error.reason)) throw error;
        last = error;
      }
    }
    throw last;
  }

  async #loadOn(server: ModelServer, uri: string, digest: string | undefined): Promise<Model> {
    const lost = new AbortController();
    const unsubscribe = server.onLost((error) => lost.abort(error));
    const timer = setTimeout(() => lost.abort(this.#late(server, uri)), this.policy.loadMs);
    server.loading++;
    try {
      const weights = { uri, sha256: digest?.replace("sha256:", "") ?? "" };
      const name = modelName(uri, digest);
      const { model } = await server.models.loadModel(
        { name, source: { $case: "weights", value: weights } },
        { signal: lost.signal },
      );
      if (!model)
        throw new DomainError("MODEL_NOT_READY", `server ${server.name} loaded ${uri} but did not describe it`);
      server.learn(model);
      return model;
    } finally {
      server.loading--;
      clearTimeout(timer);
      unsubscribe();
    }
  }

  #late(server: ModelServer, uri: string): DomainError {
    const seconds = this.policy.loadMs / 1000;
    return new DomainError("SERVER_UNAVAILABLE", `server ${server.name} did not load ${uri} within ${seconds} s`, {
      metadata: { server: `servers/${server.name}` },
    });
  }
}
