/** @file All networks of a process: loading, memory, devices. */
import { availableParallelism } from "node:os";
import { DomainError, invalid } from "@tandem/errors";
import type { Evaluator } from "./evaluator.js";
import type { LoadOptions, ModelSource } from "./load-options.js";
import { LoadedModel, notReady } from "./loaded-model.js";
import { MemoryBudget } from "./memory-budget.js";
import { parseProvider } from "./providers.js";
import type { ModelStatus, RuntimeEvent } from "./runtime-events.js";
import { SessionOpener } from "./session-opener.js";

/** Limits of a runtime. */
export interface RuntimeOptions {
  /** Cores that one evaluation on the CPU uses; default all. */
  readonly threads?: number;
  /** Memory for networks; default no limit. Idle networks are evicted to stay below. */
  readonly memoryBudgetBytes?: number;
  /** Samples that may wait for one network; default 1024. */
  readonly queueLimit?: number;
  /** Told about every batch and every change of state. Must not throw. */
  readonly onEvent?: (event: RuntimeEvent) => void;
}

/**
 * Runs networks on devices. One per process: it decides who uses the cores. Each network has a session in a thread of its
 * own; networks on the same device take turns.
 */
export class Runtime {
  readonly #options: Required<RuntimeOptions>;
  readonly #models = new Map<string, LoadedModel>();
  readonly #loading = new Set<string>();
  readonly #opener: SessionOpener;
  #isClosed = false;

  /** @throws DomainError FIELD_INVALID */
  constructor(options: RuntimeOptions = {}) {
    this.#options = {
      threads: positive("threads", options.threads ?? availableParallelism()),
      memoryBudgetBytes: options.memoryBudgetBytes ?? Number.POSITIVE_INFINITY,
      queueLimit: positive("queueLimit", options.queueLimit ?? 1024),
      onEvent: options.onEvent ?? (() => undefined),
    };
    if (!(this.#options.memoryBudgetBytes > 0)) {
      throw invalid("memoryBudgetBytes", options.memoryBudgetBytes, "positive");
    }
    const budget = new MemoryBudget(this.#options.memoryBudgetBytes, () => this.#models.values());
    this.#opener = new SessionOpener(this.#options.threads, budget);
  }

  /**
   * Brings a network into memory.
   * @param name   how it is called here and in messages
   * @param source called now, and again whenever an evicted network is used
   * @throws DomainError OUTPUT_EXISTS (the name is taken), FIELD_INVALID, OUT_OF_MEMORY, PROVIDER_UNAVAILABLE, NOT_SUPPORTED,
   *   MODEL_NOT_READY (the runtime is closed); whatever the source throws
   */
  async load(name: string, source: ModelSource, options: LoadOptions = {}): Promise<Evaluator> {
    if (this.#isClosed) throw notReady(name, "unloaded");
    parseProvider(options.provider ?? "auto");
    const maxBatchSize = positive("maxBatchSize", options.maxBatchSize ?? 32);
    if (this.#models.has(name) || this.#loading.has(name)) {
      throw new DomainError("OUTPUT_EXISTS", `${name} is loaded already; unload it first`, {
        resource: `models/${name}`,
      });
    }
    this.#loading.add(name);
    try {
      const model = await LoadedModel.open({
        name,
        maxBatchSize,
        queueLimit: this.#options.queueLimit,
        open: (onLost) => this.#opener.open(name, source, options, onLost),
        onState: (state) => this.#options.onEvent({ kind: "state", model: name, state }),
        onBatch: (report) => this.#options.onEvent({ kind: "batch", model: name, ...report }),
      });
      if (this.#isClosed) {
        await model.unload(true);
        throw notReady(name, "unloaded");
      }
      this.#models.set(name, model);
      return model;
    } finally {
      this.#loading.delete(name);
    }
  }

  /** A loaded network. @throws DomainError RESOURCE_NOT_FOUND */
  get(name: string): Evaluator {
    const model = this.#models.get(name);
    if (!model) throw new DomainError("RESOURCE_NOT_FOUND", `no network ${name}`, { resource: `models/${name}` });
    return model;
  }

  /** All networks, in order of name. */
  list(): ModelStatus[] {
    return [...this.#models.values()]
      .map(({ name, state, memoryBytes, load }) => ({ name, state, memoryBytes, ...load }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Takes a network out after the work it has; new calls get MODEL_NOT_READY at once. Does nothing for an unknown name. */
  async unload(name: string): Promise<void> {
    const model = this.#models.get(name);
    await model?.unload();
    if (this.#models.get(name) === model) this.#models.delete(name);
  }

  /** Ends everything: what computes finishes, what waits is rejected with MODEL_NOT_READY. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#models.values()].map((model) => model.unload(true)));
    this.#models.clear();
  }
}

function positive(field: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw invalid(field, value, "a positive integer");
  return value;
}
