/** @file The models of all servers, as if the gateway had them itself. */
import type { CountFlopsRequest, CountFlopsResponse, FileRef, LoadModelRequest, Model } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { CallOptions } from "@tandem/rpc";
import type { GatewayConfig } from "../config.js";
import { parseModelName, parseServerName, qualified } from "../names.js";
import type { ModelServer } from "./model-server.js";
import type { Registry } from "./registry.js";
import type { Resolver } from "./resolver.js";
import { rewritten } from "./weights-uri.js";

/** Lists, loads and unloads models where they are. */
export class Models {
  constructor(
    private readonly registry: Registry,
    private readonly resolver: Resolver,
    private readonly rewrites: GatewayConfig["rewrites"],
  ) {}

  /** Models in order of name, as the servers have them now. @param parent `servers/{server}`, or empty for all */
  async list(parent: string): Promise<Model[]> {
    const servers = parent === "" ? this.registry.serving : [this.#serving(parseServerName("parent", parent))];
    await Promise.all(servers.map((server) => server.refresh()));
    return servers
      .flatMap((server) => [...server.knownModels.values()].map((model) => named(server, model)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @param name `servers/{server}/models/{model}`, or `servers/-/...` for any holder's */
  async get(name: string): Promise<Model> {
    const reference = parseModelName("name", name);
    await this.registry.refresh();
    if (reference.kind === "server") {
      const server = this.#serving(reference.server);
      const model = server.knownModels.get(reference.model);
      if (model) return named(server, model);
    }
    const pool = await this.resolver.resolve("name", name, { kind: "any" });
    const [holder] = pool.holders();
    if (!holder) throw pool.unavailable();
    return named(holder.server, holder.model);
  }

  /** Loads on the named server, or with `servers/-/...` on the one with fewest models. */
  async load(request: LoadModelRequest, options: CallOptions): Promise<Model> {
    const reference = parseModelName("name", request.name);
    const server = reference.kind === "server" ? this.#serving(reference.server) : this.#roomiest();
    const { source } = request;
    const { model } = await server.models.loadModel(
      {
        ...request,
        name: reference.model,
        source: source?.$case === "weights" ? { ...source, value: this.#rewrite(source.value) } : source,
      },
      options,
    );
    if (!model) throw new DomainError("MODEL_NOT_READY", `server ${server.name} did not describe what it loaded`);
    server.learn(model);
    return named(server, model);
  }

  /** Unloads from the named server alone. */
  async unload(name: string, options: CallOptions): Promise<Model> {
    const reference = parseModelName("name", name);
    if (reference.kind === "any") throw invalid("name", name, "servers/{server}/models/{model} of one server");
    const server = this.#serving(reference.server);
    const { model } = await server.models.unloadModel({ name: reference.model }, options);
    if (!model) throw new DomainError("RESOURCE_NOT_FOUND", `server ${server.name} did not say what it unloaded`);
    server.learn(model);
    server.latencies.forget(model.name);
    return named(server, model);
  }

  /** Counts where the model is; a file or an architecture on any server that can. */
  async countFlops({ subject }: CountFlopsRequest, options: CallOptions): Promise<CountFlopsResponse> {
    if (!subject) throw invalid("subject", undefined, "a model, a weights file or an architecture");
    if (subject.$case === "model") {
      const [holder] = (await this.resolver.resolve("model", subject.value, { kind: "any" })).holders();
      if (!holder) throw this.#nobody();
      return holder.server.models.countFlops({ subject: { ...subject, value: holder.model.name } }, options);
    }
    const asked =
      subject.$case === "weights" ? { $case: "weights" as const, value: this.#rewrite(subject.value) } : subject;
    return this.#roomiest().models.countFlops({ subject: asked }, options);
  }

  #rewrite(weights: FileRef): FileRef {
    return { ...weights, uri: rewritten(weights.uri, this.rewrites) };
  }

  #serving(name: string): ModelServer {
    const server = this.registry.server(name);
    if (server.health === "serving") return server;
    const why = server.error?.message ?? "it takes no work now";
    throw new DomainError("SERVER_UNAVAILABLE", `server ${name} is not available: ${why}`, {
      metadata: { server: `servers/${name}` },
    });
  }

  #roomiest(): ModelServer {
    const [server] = this.registry.modelServers.sort((a, b) => a.knownModels.size - b.knownModels.size);
    if (!server) throw this.#nobody();
    return server;
  }

  #nobody(): DomainError {
    return new DomainError("SERVER_UNAVAILABLE", "no model server is healthy; ListServers shows why");
  }
}

function named(server: ModelServer, model: Model): Model {
  return { ...model, name: qualified(server.name, model.name) };
}
