/** @file From what a request calls a model to the servers that hold it. */
import { type Model, ModelKind, ModelState } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { GatewayConfig } from "../config.js";
import { type ModelReference, parseModelReference, qualified } from "../names.js";
import { closeNames } from "../presets/close-names.js";
import type { StepObserver } from "../sampling/step-facts.js";
import type { ModelServer } from "./model-server.js";
import { Pool } from "./pool.js";
import type { Registry } from "./registry.js";
import { WeightsLoader } from "./weights-loader.js";
import { FileDigests, rewritten } from "./weights-uri.js";

/** What else is known about the model and where it should be. */
export interface Wishes {
  /** What it must be for; default a denoiser. */
  readonly kind?: ModelKind | "any";
  /** Servers that have other models of the same request: a model that must be loaded goes elsewhere if it can. */
  readonly avoided?: ReadonlySet<ModelServer>;
  /** Load there, since all models must be on one server. */
  readonly together?: ModelServer | undefined;
}

const kindNames: Readonly<Record<number, string>> = {
  [ModelKind.MODEL_KIND_DENOISER]: "denoiser",
  [ModelKind.MODEL_KIND_AUTOENCODER]: "autoencoder",
};

/** Finds models. */
export class Resolver {
  readonly #loader: WeightsLoader;
  readonly #digests = new FileDigests();

  /** Told of every step that is sampled with models found here. */
  readonly stepObservers: StepObserver[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly config: Pick<GatewayConfig, "rewrites" | "deadlines">,
  ) {
    this.#loader = new WeightsLoader(registry, config.deadlines);
  }

  /**
   * The pool of a model that can be called now. Weights given by URI are loaded when no server holds them.
   * @param field  path of the field in the request, for errors
   * @throws DomainError FIELD_INVALID, RESOURCE_NOT_FOUND, MODEL_NOT_READY, SERVER_UNAVAILABLE, and the errors of LoadModel
   */
  async resolve(field: string, text: string, wishes: Wishes = {}): Promise<Pool> {
    const reference = parseModelReference(field, text);
    if (reference.kind === "uri") return this.#byUri(text, reference.uri, wishes);
    const found = this.#byName(reference, wishes);
    if (found) return found;
    await this.registry.refresh(); // it may have been loaded a moment ago, past this gateway
    const pool = this.#byName(reference, wishes);
    if (pool) return pool;
    throw this.#notFound(reference);
  }

  /**
   * The autoencoder that a network names: by resource name or URI as `resolve`; a hub identifier ("owner/name") is found in the
   * path that some server's autoencoder came from. Undefined when no server holds it.
   */
  async autoencoderNamed(text: string, wishes: Wishes): Promise<Pool | undefined> {
    if (/^(servers\/|[a-z][a-z0-9+.-]*:|\/)/i.test(text)) return this.resolve("spec.autoencoder", text, wishes);
    if (text.startsWith("models/")) return this.resolve("spec.autoencoder", `servers/-/${text}`, wishes);
    const isIt = ({ kind, source }: Model) =>
      kind === ModelKind.MODEL_KIND_AUTOENCODER && `${source?.uri}/`.includes(`/${text}/`);
    const [holder] = text === "" ? [] : this.registry.holders(isIt);
    return holder && this.#checked(qualified(holder.server.name, holder.model.name), holder.model, undefined, wishes);
  }

  #byName(reference: Exclude<ModelReference, { kind: "uri" }>, wishes: Wishes): Pool | undefined {
    if (reference.kind === "any") {
      const [holder] = this.registry.holders(({ name }) => name === reference.model);
      if (holder) return this.#checked(`servers/-/${reference.model}`, holder.model, undefined, wishes);
      const fallen = this.registry.servers.find(({ knownModels }) => knownModels.has(reference.model));
      return fallen && this.#onServer(`servers/-/${reference.model}`, fallen, reference.model, undefined, wishes);
    }
    const server = this.registry.server(reference.server);
    return this.#onServer(qualified(server.name, reference.model), server, reference.model, server, wishes);
  }

  #onServer(
    name: string,
    server: ModelServer,
    modelName: string,
    pinned: ModelServer | undefined,
    wishes: Wishes,
  ): Pool | undefined {
    const model = server.knownModels.get(modelName);
    if (model) return this.#checked(name, model, pinned, wishes);
    if (server.health === "serving" && server.error) throw server.error; // e.g. it refuses our token
    if (server.health === "serving") return undefined;
    const why = server.error?.message ?? "it does not serve now";
    throw new DomainError("SERVER_UNAVAILABLE", `server ${server.name} cannot be asked for ${modelName}: ${why}`, {
      resource: name,
      metadata: { server: `servers/${server.name}` },
    });
  }

  #checked(
    name: string,
    model: Model,
    pinned: ModelServer | undefined,
    { kind = ModelKind.MODEL_KIND_DENOISER }: Wishes,
  ): Pool {
    // What is still being read does not know what it is; that it is not ready is said below.
    if (kind !== "any" && model.kind !== kind && model.state === ModelState.MODEL_STATE_READY)
      throw new DomainError("MODEL_INCOMPATIBLE", `${name} is no ${kindNames[kind]}`, {
        resource: name,
        metadata: { model: name, field: "kind" },
      });
    const pool = new Pool(this.registry, name, model, pinned);
    if (pool.holders().length > 0) return pool;
    if (model.state === ModelState.MODEL_STATE_READY) throw pool.unavailable();
    const state = ModelState[model.state] ?? String(model.state);
    const why = model.error ? `: ${model.error.message}` : "; LoadModel brings it into memory";
    throw new DomainError("MODEL_NOT_READY", `${name} is ${state}${why}`, { resource: name, metadata: { state } });
  }

  async #byUri(text: string, asked: string, wishes: Wishes): Promise<Pool> {
    const { avoided = new Set<ModelServer>(), together } = wishes;
    const uri = rewritten(asked, this.config.rewrites);
    const digest = await this.#digests.of(uri);
    const isIt = (model: Model) => (digest ? model.weightsDigest === digest : model.source?.uri === uri);
    const [found] = this.registry.holders((model, server) => isIt(model) && (!together || server === together));
    const { model } = found ?? (await this.#loader.load(uri, digest, avoided, together));
    return this.#checked(text, model, undefined, wishes);
  }

  #notFound(reference: Exclude<ModelReference, { kind: "uri" }>): DomainError {
    const prefix = reference.kind === "any" ? "-" : reference.server;
    const name = qualified(prefix, reference.model);
    const known = this.registry.serving.flatMap((server) =>
      [...server.knownModels.keys()].map((model) => qualified(reference.kind === "any" ? "-" : server.name, model)),
    );
    const close = closeNames(name, [...new Set(known)]);
    const hint = close.length > 0 ? `; did you mean ${close.join(", ")}?` : "; ListModels lists them";
    return new DomainError("RESOURCE_NOT_FOUND", `there is no model ${name}${hint}`, { resource: name });
  }
}
