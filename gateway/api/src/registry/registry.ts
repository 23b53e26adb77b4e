/** @file The model servers of the configuration, and who of them holds what. */
import { type Model, ModelServiceDefinition, ModelState } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { connect } from "@tandem/rpc";
import type { DeadlinePolicy, ServerConfig } from "../config.js";
import { closeNames } from "../presets/close-names.js";
import { ModelServer } from "./model-server.js";

/** A model on a server that holds it, ready. */
export interface Holder {
  readonly server: ModelServer;
  readonly model: Model;
}

/** All servers; lives as long as the gateway. */
export class Registry {
  readonly servers: readonly ModelServer[];
  readonly #policy: DeadlinePolicy;
  #timer: NodeJS.Timeout | undefined;

  constructor(servers: readonly ServerConfig[], policy: DeadlinePolicy) {
    this.#policy = policy;
    this.servers = servers
      .map((config) => new ModelServer(config, openChannel(config), policy))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Begins to watch; resolves when every server was reached or found unreachable. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.refresh(), this.#policy.refreshIntervalMs);
    this.#timer.unref();
    await Promise.all(this.servers.map((server) => server.start()));
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const server of this.servers) server.stop();
  }

  /** Asks the servers that answer for their models, now. */
  async refresh(): Promise<void> {
    await Promise.all(this.servers.filter(({ health }) => health === "serving").map((server) => server.refresh()));
  }

  /** The servers that take work. */
  get serving(): readonly ModelServer[] {
    return this.servers.filter(({ health }) => health === "serving");
  }

  /** Those of them that hold models: services with jobs do not. */
  get modelServers(): ModelServer[] {
    return this.serving.filter((server) => server.serves(ModelServiceDefinition));
  }

  /**
   * A server by name.
   * @throws DomainError RESOURCE_NOT_FOUND with close names
   */
  server(name: string): ModelServer {
    const found = this.servers.find((server) => server.name === name);
    if (found) return found;
    const names = this.servers.map((server) => server.name);
    const close = closeNames(name, names);
    const hint =
      close.length > 0 ? `did you mean ${close.join(", ")}?` : `configured are ${names.join(", ") || "none"}`;
    throw new DomainError("RESOURCE_NOT_FOUND", `there is no server ${name}; ${hint}`, {
      resource: `servers/${name}`,
    });
  }

  /** Ready models on serving servers that pass. */
  holders(passes: (model: Model, server: ModelServer) => boolean): Holder[] {
    return this.serving.flatMap((server) =>
      [...server.knownModels.values()]
        .filter((model) => model.state === ModelState.MODEL_STATE_READY && passes(model, server))
        .map((model) => ({ server, model })),
    );
  }
}

function openChannel({ name, address, token, tls, insecure }: ServerConfig) {
  return connect(address, { name, insecure, ...(token !== undefined && { token }), ...(tls && { tls }) });
}
