/** @file One model server as the gateway knows it: its connection, health, services, models, and what was measured. */
import {
  DenoiserServiceDefinition,
  type Model,
  ModelServiceDefinition,
  ModelState,
  SamplerServiceDefinition,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type Channel, type Client, createClient, type TsProtoServiceDefinition } from "@tandem/rpc";
import type { DeadlinePolicy, ServerConfig } from "../config.js";
import { type Health, HealthMonitor } from "./health-monitor.js";
import { Latencies } from "./latencies.js";
import { Measurements } from "./measurements.js";
import { listServices } from "./reflection.js";

/** What a server must serve when it cannot say what it serves. */
const LEVEL_ONE = [ModelServiceDefinition.fullName, DenoiserServiceDefinition.fullName];
const PAGE_SIZE = 1000;

/** A server of the configuration. Nothing here throws because the server is gone; `health` and `error` say so. */
export class ModelServer {
  readonly name: string;
  readonly latencies = new Latencies();
  readonly roundTrips = new Measurements(32);
  readonly models;
  readonly denoiser;
  readonly sampler;
  /** Evaluations in progress through this gateway. */
  inFlight = 0;
  /** Batches that this server works for now: what it will be asked next. */
  assigned = 0;
  /** Models that are being loaded through this gateway. */
  loading = 0;

  #health: Health = "unknown";
  #error: DomainError | undefined;
  #lastSeen: Date | undefined;
  #services: readonly string[];
  #known = new Map<string, Model>();
  #refreshing: Promise<void> | undefined;
  readonly #clients = new Map<string, unknown>();
  readonly #lost = new Set<(error: DomainError) => void>();
  readonly #monitor: HealthMonitor;
  readonly #settled = Promise.withResolvers<void>();

  constructor(
    readonly config: ServerConfig,
    private readonly channel: Channel,
    private readonly policy: DeadlinePolicy,
  ) {
    this.name = config.name;
    this.models = createClient(ModelServiceDefinition, channel);
    this.denoiser = createClient(DenoiserServiceDefinition, channel);
    this.sampler = createClient(SamplerServiceDefinition, channel);
    this.#services = config.services ?? [];
    this.#monitor = new HealthMonitor(this.name, channel, policy, {
      seen: (roundTripMs) => {
        this.#lastSeen = new Date();
        if (roundTripMs !== undefined) this.roundTrips.add(roundTripMs);
        if (this.#isLoading) void this.refresh(); // soon callable: not only at the next turn
      },
      changed: (health, error) => void this.#changed(health, error),
    });
  }

  /** Begins to watch; resolves when the first finding is in, models included. */
  start(): Promise<void> {
    this.#monitor.start();
    return this.#settled.promise;
  }

  /** Ends watching and the connection. */
  stop(): void {
    this.#monitor.stop();
    this.channel.close();
  }

  get health(): Health {
    return this.#health;
  }

  /** The last error in reaching it; undefined while it answers. */
  get error(): DomainError | undefined {
    return this.#error;
  }

  /** When it last answered. */
  get lastSeen(): Date | undefined {
    return this.#lastSeen;
  }

  /** Full names of its services. */
  get services(): readonly string[] {
    return this.#services;
  }

  /** Its models as last heard, named as it names them (`models/{model}`); also while it is away. */
  get knownModels(): ReadonlyMap<string, Model> {
    return this.#known;
  }

  get #isLoading(): boolean {
    return [...this.#known.values()].some(({ state }) => state === ModelState.MODEL_STATE_LOADING);
  }

  serves(service: { fullName: string }): boolean {
    return this.#services.includes(service.fullName);
  }

  /** A client of any service of it. */
  client<D extends TsProtoServiceDefinition>(definition: D): Client<D> {
    let client = this.#clients.get(definition.fullName);
    if (!client) {
      client = createClient(definition, this.channel);
      this.#clients.set(definition.fullName, client);
    }
    return client as Client<D>;
  }

  /** Calls back when the server is lost with work on it; returns what ends that. */
  onLost(listener: (error: DomainError) => void): () => void {
    this.#lost.add(listener);
    return () => this.#lost.delete(listener);
  }

  /** Asks for services and models now; several askers share one question. Does nothing while the server is away. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** A model that the server just told about, ahead of the next refresh. */
  learn(model: Model): void {
    this.#known.set(model.name, model);
  }

  async #changed(health: Health, error: DomainError | undefined): Promise<void> {
    this.#error = error;
    if (health === "serving") await this.#refreshFirst();
    this.#health = this.#monitor.health;
    if (this.#health === "unreachable" && error) for (const listener of [...this.#lost]) listener(error);
    this.#settled.resolve();
  }

  /** A server that comes (back) gets work only when it is known what it holds now. */
  async #refreshFirst(): Promise<void> {
    this.#known = new Map();
    await this.refresh();
  }

  async #ask(): Promise<void> {
    const signal = AbortSignal.timeout(this.policy.probeTimeoutMs);
    try {
      this.#services = this.config.services ?? (await listServices(this.channel, signal)) ?? LEVEL_ONE;
      const models = this.serves(ModelServiceDefinition) ? await this.#listModels(signal) : [];
      this.#known = new Map(models.map((model) => [model.name, model]));
      if (this.#monitor.health === "serving") this.#error = undefined;
    } catch (error) {
      // The monitor decides whether the server is lost; what was known before stays.
      this.#error = error instanceof DomainError ? error : unexpected(this.name, error);
    }
  }

  async #listModels(signal: AbortSignal): Promise<Model[]> {
    const models: Model[] = [];
    let pageToken = "";
    do {
      const page = await this.models.listModels({ pageSize: PAGE_SIZE, pageToken }, { signal });
      models.push(...page.models);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return models;
  }
}

function unexpected(server: string, cause: unknown): DomainError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new DomainError("SERVER_UNAVAILABLE", `${server}: ${text}`, { metadata: { server }, cause });
}
