/** @file Brings models onto devices: reads the network, builds its graph, hands it to the runtime. */
import { DomainError } from "@tandem/errors";
import {
  type Autoencoder,
  buildDenoiser,
  countCost,
  type ModelFile,
  type Network,
  type OnnxNetwork,
  openAutoencoder,
} from "@tandem/networks";
import type { Evaluator, Runtime } from "@tandem/runtime";
import type { DebugLog } from "../debug/debug-log.js";
import { type Loaded, LoadedAutoencoder, LoadedModel } from "./loaded-model.js";
import { autoencoderFacts, factsOf, samplesPerMessage } from "./model-facts.js";
import type { ComputeType, LoadSettings, ModelSource } from "./model-source.js";
import type { ModelLoader } from "./model-store.js";
import type { NetworkReader } from "./network-reader.js";

/** What the server chooses where a request leaves it open. */
export interface LoadChoices {
  readonly provider: string;
  readonly requireProvider: boolean;
  readonly computeType: ComputeType;
  /** Most samples in a batch; fewer where a message would not hold them. */
  readonly maxBatchSize: number;
}

/** Largest deviation from the CPU that is rounding, not a defect, relative to the output's root mean square. */
const tolerances: Record<ComputeType, number> = { float32: 2e-3, float16: 2e-2 };

/** Loads networks into a runtime, one after the other: two at once would be no faster and need the memory of both. */
export class NetworkLoader implements ModelLoader {
  #building: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly networks: NetworkReader,
    private readonly runtime: Pick<Runtime, "load" | "unload">,
    private readonly choices: LoadChoices,
    private readonly debug: Pick<DebugLog, "watch">,
  ) {}

  resolve({ provider, requireProvider, computeType }: LoadSettings): LoadSettings {
    const { choices } = this;
    return {
      provider: provider || choices.provider,
      requireProvider: provider ? requireProvider : choices.requireProvider,
      computeType: computeType ?? choices.computeType,
    };
  }

  /** @throws DomainError what reading says; OUT_OF_MEMORY, PROVIDER_UNAVAILABLE, MODEL_INCOMPATIBLE */
  async load(name: string, source: ModelSource, settings: LoadSettings): Promise<Loaded> {
    await this.networks.fetch(source); // downloads do not wait for each other
    const built = this.#building.then(() => this.#build(name, source, settings));
    this.#building = built.catch(() => undefined); // told to whoever asked for it; the next one has its turn
    return built;
  }

  async unload(model: Loaded): Promise<void> {
    if (model instanceof LoadedAutoencoder) await model.autoencoder.close();
    else await this.runtime.unload(idOf(model.name));
  }

  /** A file's graph may load and yet not run: that is found out here, not in the middle of somebody's images. */
  async #prove(name: string, evaluator: Evaluator): Promise<void> {
    const size = (shape: readonly (number | string)[]) => shape.slice(1).reduce<number>((n, m) => n * Number(m), 1);
    const inputs = evaluator.inputs.map((spec) => [spec.name, new Float32Array(size(spec.shape)).fill(1)]);
    try {
      await evaluator.evaluate({ count: 1, inputs: Object.fromEntries(inputs) });
    } catch (error) {
      await this.runtime.unload(idOf(name));
      if (error instanceof DomainError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const message = `${name}: its graph cannot be evaluated: ${why}`;
      throw new DomainError("MODEL_INCOMPATIBLE", message, { resource: name, cause: error });
    }
  }

  async #build(name: string, source: ModelSource, settings: LoadSettings): Promise<Loaded> {
    const model = await this.networks.read(source);
    return model.kind === "autoencoder"
      ? this.#autoencoder(name, source, settings, model.autoencoder)
      : this.#denoiser(name, source, settings, model.network);
  }

  async #autoencoder(name: string, source: ModelSource, settings: LoadSettings, found: Autoencoder): Promise<Loaded> {
    const { provider, requireProvider } = settings;
    const facts = autoencoderFacts(found);
    let first: Autoencoder | undefined = found;
    const read = async () => {
      const known = first;
      first = undefined;
      if (known) return known;
      const current = await this.networks.read(source);
      if (current.kind !== "autoencoder") throw changed(name, facts.digest, current.network.digest);
      if (current.autoencoder.digest !== facts.digest) throw changed(name, facts.digest, current.autoencoder.digest);
      return current.autoencoder;
    };
    const maxBatchSize = Math.min(this.choices.maxBatchSize, samplesPerMessage(facts.sampleShape));
    const options = { provider, requireProvider, maxBatchSize };
    const opened = await openAutoencoder(this.runtime, idOf(name), read, options);
    return new LoadedAutoencoder(name, facts, opened, maxBatchSize, { ...settings, computeType: "float32" });
  }

  async #denoiser(
    name: string,
    source: ModelSource,
    settings: LoadSettings,
    network: Network | OnnxNetwork,
  ): Promise<Loaded> {
    const { provider, requireProvider } = settings;
    const isOnnx = network.format === "onnx";
    const computeType = isOnnx ? network.computeType : (settings.computeType ?? this.choices.computeType);
    const cost = network.config && countCost(network.config);
    const facts = factsOf(network, cost?.parameters ?? 0);
    let first: Network | OnnxNetwork | undefined = network;
    // The runtime asks again after it had to evict the model: the tensors are not kept for that day.
    const graph = async (folder: string) => {
      const current = first ?? denoiserOf(name, facts.digest, await this.networks.read(source));
      first = undefined;
      if (current.digest !== facts.digest) throw changed(name, facts.digest, current.digest);
      return buildDenoiser(current, { computeType, externalFolder: folder });
    };
    const maxBatchSize = Math.min(this.choices.maxBatchSize, samplesPerMessage(facts.sampleShape));
    const tolerance = tolerances[computeType];
    const options = { provider, requireProvider, maxBatchSize, tolerance };
    const evaluator = await this.runtime.load(idOf(name), graph, options);
    if (isOnnx) await this.#prove(name, evaluator);
    return new LoadedModel(name, facts, this.debug.watch(name, evaluator, cost ?? { steps: [] }), {
      ...settings,
      computeType,
    });
  }
}

function denoiserOf(name: string, digest: string, model: ModelFile): Network | OnnxNetwork {
  if (model.kind === "denoiser") return model.network;
  throw changed(name, digest, model.autoencoder.digest);
}

/** The runtime names models without the collection. */
function idOf(name: string): string {
  return name.slice("models/".length);
}

/** Open sessions were promised the weights of the first reading. */
function changed(name: string, before: string, now: string): DomainError {
  return new DomainError(
    "MODEL_NOT_READY",
    `the file of ${name} has changed since it was loaded; unload it and load it anew`,
    {
      resource: name,
      metadata: { state: "MODEL_STATE_FAILED", expected: before, actual: now },
    },
  );
}
