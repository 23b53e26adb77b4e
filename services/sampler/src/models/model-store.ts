/** @file The models of this server by name: known, loading, ready, failed, unloaded; and every way from one to the other. */
import { DomainError } from "@tandem/errors";
import { type Loaded, LoadedAutoencoder, LoadedModel } from "./loaded-model.js";
import type { ModelFacts } from "./model-facts.js";
import { describeSource, type LoadSettings, type ModelSource, sameSource, satisfies } from "./model-source.js";
import { notReady } from "./not-ready.js";

/** Whether a model can be called; as ModelState of the contract. */
export type ModelState = "UNLOADED" | "LOADING" | "READY" | "FAILED";

/** A model as the store knows it. */
export interface ModelRecord {
  /** Resource name, `models/{model}`. */
  readonly name: string;
  readonly state: ModelState;
  readonly source: ModelSource;
  readonly settings: LoadSettings;
  /** Known once the weights were read; kept when they are unloaded. */
  readonly facts: ModelFacts | undefined;
  /** Set when READY. */
  readonly loaded: Loaded | undefined;
  /** Set when FAILED: a DomainError, or a bug. */
  readonly error: Error | undefined;
}

/** Brings models into memory and out of it. */
export interface ModelLoader {
  /** Fills in the server's choices. */
  resolve(settings: LoadSettings): LoadSettings;
  load(name: string, source: ModelSource, settings: LoadSettings): Promise<Loaded>;
  unload(model: Loaded): Promise<void>;
}

/** Most names that the store keeps: failed loads under ever new names must not fill the memory. */
const MAX_MODELS = 1000;

interface Entry extends ModelRecord {
  state: ModelState;
  source: ModelSource;
  settings: LoadSettings;
  facts: ModelFacts | undefined;
  loaded: Loaded | undefined;
  error: Error | undefined;
  /** The change in progress: an entry changes one step at a time. */
  change: Promise<void>;
}

/** All models of a server. */
export class ModelStore {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly loader: ModelLoader) {}

  /** Models in order of name. */
  list(): ModelRecord[] {
    return [...this.#entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One model. @throws DomainError RESOURCE_NOT_FOUND */
  get(name: string): ModelRecord {
    return this.#entry(name);
  }

  /** The denoiser in memory. @throws DomainError RESOURCE_NOT_FOUND, MODEL_NOT_READY, MODEL_INCOMPATIBLE (an autoencoder) */
  ready(name: string): LoadedModel {
    const loaded = this.#loaded(name);
    if (loaded instanceof LoadedModel) return loaded;
    throw otherKind(name, "an autoencoder, not a denoiser: Encode and Decode take it");
  }

  /** The autoencoder in memory. @throws DomainError RESOURCE_NOT_FOUND, MODEL_NOT_READY, MODEL_INCOMPATIBLE (a denoiser) */
  autoencoder(name: string): LoadedAutoencoder {
    const loaded = this.#loaded(name);
    if (loaded instanceof LoadedAutoencoder) return loaded;
    throw otherKind(name, "a denoiser, not an autoencoder: Denoise and Sample take it");
  }

  /**
   * Brings a model into memory; resolves when it is ready. Changes nothing when it is there as wanted.
   * @param source required for a name that is new; else undefined means the one known
   * @throws DomainError OUTPUT_EXISTS when it is there otherwise, LIMIT_EXCEEDED, FIELD_INVALID, and whatever reading and
   *   loading say; the model is then FAILED
   */
  async load(name: string, source: ModelSource | undefined, wanted: LoadSettings): Promise<ModelRecord> {
    const entry = this.#entries.get(name) ?? this.#add(name, source, wanted);
    if (entry.state === "LOADING" || entry.state === "READY") checkAgreement(entry, source, wanted);
    else {
      entry.source = source ?? entry.source;
      entry.settings = this.loader.resolve(wanted);
      entry.state = "LOADING";
      entry.error = undefined;
      const { source: current, settings } = entry;
      entry.change = entry.change.then(() => this.#load(entry, current, settings));
    }
    await entry.change;
    if (entry.error) throw entry.error;
    if (!entry.loaded) throw notReady(name, entry.state); // unloaded again before this caller had its turn
    checkDigest(name, source, entry.loaded.facts.digest);
    checkComputeType(name, wanted, entry.loaded.settings);
    return entry;
  }

  /**
   * Takes a model out of memory: refused to new calls at once, gone when the calls in progress are done. Idempotent.
   * @throws DomainError RESOURCE_NOT_FOUND
   */
  async unload(name: string): Promise<ModelRecord> {
    const entry = this.#entry(name);
    if (entry.state === "LOADING") await entry.change;
    const { loaded } = entry;
    entry.state = "UNLOADED";
    entry.loaded = undefined;
    entry.error = undefined;
    if (loaded) {
      const retired = loaded.retire();
      entry.change = entry.change.then(() => retired).then(() => this.loader.unload(loaded));
    }
    await entry.change;
    return entry;
  }

  /** Resolves when nothing is loading or unloading. */
  async settled(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.change));
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new DomainError(
      "RESOURCE_NOT_FOUND",
      `${name} is unknown here; ListModels names the models, LoadModel adds one`,
      {
        resource: name,
      },
    );
  }

  #loaded(name: string): Loaded {
    const { loaded, state, error } = this.#entry(name);
    if (!loaded) throw notReady(name, state, error);
    return loaded;
  }

  #add(name: string, source: ModelSource | undefined, settings: LoadSettings): Entry {
    if (!source)
      throw new DomainError("FIELD_INVALID", `source is missing; ${name} is new, so give weights or a network`, {
        field: "source",
      });
    if (this.#entries.size >= MAX_MODELS)
      throw new DomainError(
        "LIMIT_EXCEEDED",
        `this server keeps at most ${MAX_MODELS} models; load under a known name`,
        {
          metadata: { limit: MAX_MODELS },
        },
      );
    const entry: Entry = {
      name,
      state: "UNLOADED",
      source,
      settings,
      facts: undefined,
      loaded: undefined,
      error: undefined,
      change: Promise.resolve(),
    };
    this.#entries.set(name, entry);
    return entry;
  }

  /** Never rejects: the outcome stands in the entry. */
  async #load(entry: Entry, source: ModelSource, settings: LoadSettings): Promise<void> {
    try {
      entry.loaded = await this.loader.load(entry.name, source, settings);
      entry.facts = entry.loaded.facts;
      entry.settings = entry.loaded.settings;
      entry.state = "READY";
    } catch (error) {
      entry.state = "FAILED";
      entry.error = error instanceof Error ? error : new Error(String(error));
    }
  }
}

const otherKind = (name: string, what: string) =>
  new DomainError("MODEL_INCOMPATIBLE", `${name} is ${what}`, {
    resource: name,
    metadata: { model: name, field: "kind" },
  });

/** Loading what is there must ask for what is there: no caller may change the weights or the device under the others. */
function checkAgreement(entry: Entry, source: ModelSource | undefined, wanted: LoadSettings): void {
  const clash =
    source && !sameSource(entry.source, source)
      ? `from ${describeSource(entry.source)}, not ${describeSource(source)}`
      : satisfies(entry.settings, wanted, entry.loaded?.execution.provider)
        ? undefined
        : `with ${describeSettings(entry.settings)}, not ${describeSettings(wanted)}`;
  if (!clash) return;
  const message = `${entry.name} is loaded ${clash}; unload it first, or choose another name`;
  throw new DomainError("OUTPUT_EXISTS", message, { resource: entry.name });
}

/** An ONNX file computes as it was exported, an autoencoder in float32. */
function checkComputeType(name: string, wanted: LoadSettings, actual: LoadSettings): void {
  if (wanted.computeType === undefined || wanted.computeType === actual.computeType) return;
  throw new DomainError(
    "NOT_SUPPORTED",
    `the file of ${name} fixes its compute type, ${actual.computeType}; leave compute_type out, or bring another file`,
    { field: "compute_type", resource: name },
  );
}

function describeSettings({ provider, requireProvider, computeType }: LoadSettings): string {
  return `provider ${provider || "any"}${requireProvider ? " (required)" : ""}, compute type ${computeType ?? "any"}`;
}

/** A caller that expects other bytes than those in memory must not be told that all is well. */
function checkDigest(name: string, source: ModelSource | undefined, digest: string): void {
  if (source?.kind !== "weights" || source.sha256 === "" || digest === `sha256:${source.sha256.toLowerCase()}`) return;
  throw new DomainError(
    "CHECKSUM_MISMATCH",
    `${name} is loaded with ${digest}, not sha256:${source.sha256}; unload it first`,
    {
      field: "weights.sha256",
      resource: name,
      metadata: { expected: `sha256:${source.sha256}`, actual: digest },
    },
  );
}
