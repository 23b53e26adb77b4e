/** @file From a network's source to a session: reads, makes room, tries providers, says what it got. */
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { DomainError } from "@tandem/errors";
import type { Extent, TensorSpec } from "@tandem/graph";
import { DeviceGate } from "./device-gate.js";
import type { Execution } from "./evaluator.js";
import type { LoadOptions, ModelSource } from "./load-options.js";
import type { OpenSession } from "./loaded-model.js";
import type { MemoryBudget } from "./memory-budget.js";
import { type ModelFiles, newModelFolder, removeStaleModelFiles, sizeOf, writeModelFiles } from "./model-files.js";
import { available, fasterThanCpu, probeProviders } from "./provider-probe.js";
import { type ProviderChoice, parseProvider, providerUnavailable } from "./providers.js";
import { SessionHost } from "./session-host.js";
import type { LoadedMessage, RejectedChoice } from "./session-messages.js";

const RUNTIME = `onnxruntime ${(createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string }).version}`;
const DEFAULT_TOLERANCE = 2e-3;
const CPU: ProviderChoice = { name: "cpu", index: 0 };

/** One at a time: a load takes all cores and, for a moment, twice the memory of the weights. */
export class SessionOpener {
  readonly #threads: number;
  readonly #budget: MemoryBudget;
  readonly #gates = new Map<string, DeviceGate>();
  #last: Promise<unknown> | undefined;

  constructor(threads: number, budget: MemoryBudget) {
    this.#threads = threads;
    this.#budget = budget;
  }

  /**
   * Opens a session.
   * @throws DomainError OUT_OF_MEMORY, PROVIDER_UNAVAILABLE, NOT_SUPPORTED, MODEL_INCOMPATIBLE; whatever the source throws
   */
  open(name: string, source: ModelSource, options: LoadOptions, onLost: () => void): Promise<OpenSession> {
    const before = this.#last ?? removeStaleModelFiles();
    const opened = before.then(() => this.#open(name, source, options, onLost));
    this.#last = opened.catch(() => undefined); // the caller hears of the failure; the next load starts anyhow
    return opened;
  }

  async #open(name: string, source: ModelSource, options: LoadOptions, onLost: () => void): Promise<OpenSession> {
    const requested = options.provider ?? "auto";
    const free = (): void => this.#budget.free(name);
    // Thread and probe start while the source is read.
    const choices = this.#choices(requested, options.requireProvider ?? false);
    const host = new SessionHost(name, () => {
      free();
      onLost();
    });
    const close = (): Promise<void> => host.close().finally(free);
    try {
      await using files = await this.#files(name, source);
      const loaded = await this.#load(host, files, await choices, options);
      const execution = describe(loaded, requested, files.memoryBytes);
      return { run: (batch) => host.run(batch), close, gate: this.#gate(loaded.choice), execution, ...files.specs };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Reads the source and writes it to files. Nothing holds the source's bytes when this returns: they can be collected. */
  async #files(name: string, source: ModelSource): Promise<ModelFiles> {
    const folder = await newModelFolder();
    try {
      const model = await source(folder);
      for (const spec of [...model.inputs, ...model.outputs]) checkSpec(name, spec, model.inputs[0]?.shape[0]);
      await this.#budget.hold(name, sizeOf(model));
      return await writeModelFiles(model, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async #load(
    host: SessionHost,
    { path, specs }: ModelFiles,
    choices: readonly ProviderChoice[],
    options: LoadOptions,
  ): Promise<LoadedMessage> {
    const tolerance = options.tolerance ?? DEFAULT_TOLERANCE;
    const answer = await host.load({ kind: "load", path, specs, choices, threads: this.#threads, tolerance });
    if (answer.kind === "loaded") return answer;
    throw await this.#failure(host.name, options.provider ?? "auto", answer.rejected);
  }

  async #choices(requested: string, isRequired: boolean): Promise<ProviderChoice[]> {
    const choice = parseProvider(requested);
    if (choice === "auto") return [...fasterThanCpu(await probeProviders()).map((name) => ({ name, index: 0 })), CPU];
    return isRequired || choice.name === "cpu" ? [choice] : [choice, CPU];
  }

  async #failure(name: string, requested: string, rejected: readonly RejectedChoice[]): Promise<Error> {
    const cpu = rejected.find(({ provider }) => provider === "cpu");
    if (!cpu) return providerUnavailable(requested, rejected, available(await probeProviders()));
    if (!/alloc|out of memory/i.test(cpu.reason))
      return new DomainError("MODEL_INCOMPATIBLE", `${name}: onnxruntime refuses the graph: ${cpu.reason}`, {
        resource: `models/${name}`,
      });
    return new DomainError("OUT_OF_MEMORY", "no memory for the network's session; unload others first", {
      metadata: { device: "host" },
      cause: new Error(cpu.reason),
    });
  }

  #gate({ name, index }: ProviderChoice): DeviceGate {
    const device = `${name}:${index}`;
    const gate = this.#gates.get(device) ?? new DeviceGate();
    this.#gates.set(device, gate);
    return gate;
  }
}

/** Float32 in, float32 out; in front the batch, which is free, or the same number everywhere. */
function checkSpec(name: string, spec: TensorSpec, batch: Extent | undefined): void {
  const isFixed = spec.shape.slice(1).every((extent) => typeof extent === "number");
  if (spec.type === "float32" && spec.shape[0] !== undefined && spec.shape[0] === batch && isFixed) return;
  const shape = `${spec.type} [${spec.shape.join(", ")}]`;
  throw new DomainError(
    "NOT_SUPPORTED",
    `${name}: ${spec.name} is ${shape}; it must be float32 [N, fixed extents...], N the same for all`,
  );
}

function describe(loaded: LoadedMessage, requestedProvider: string, memoryBytes: number): Execution {
  const refusals = loaded.rejected.map(({ provider, reason }) => `; ${provider} refused: ${reason}`).join("");
  return {
    provider: loaded.choice.name,
    requestedProvider,
    device: loaded.device + refusals,
    runtime: RUNTIME,
    memoryBytes,
  };
}
