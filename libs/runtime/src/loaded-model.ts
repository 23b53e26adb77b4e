/** @file One network: its session's life (load, evict, crash, load again, unload) around a Batcher. */
import { DomainError } from "@tandem/errors";
import type { TensorSpec } from "@tandem/graph";
import { type Batch, type BatchDevice, type BatchResult, fixedBatch } from "./batch.js";
import { Batcher, type BatcherOptions } from "./batcher.js";
import type { DeviceGate, Turn } from "./device-gate.js";
import type { EvaluationRequest, EvaluationResult, Evaluator, Execution } from "./evaluator.js";
import type { Resident } from "./memory-budget.js";
import type { ModelState } from "./model-state.js";

/** A session and what is known about it. */
export interface OpenSession {
  readonly run: (batch: Batch) => Promise<BatchResult>;
  /** Ends it and frees its memory. */
  readonly close: () => Promise<void>;
  readonly gate: DeviceGate;
  readonly execution: Execution;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** What a network is told and given. */
export interface LoadedModelOptions extends Pick<BatcherOptions, "maxBatchSize" | "queueLimit"> {
  readonly name: string;
  /** Reads the source and makes a session. `onLost` is called when its thread dies later. */
  readonly open: (onLost: () => void) => Promise<OpenSession>;
  readonly onState: (state: ModelState) => void;
  readonly onBatch: BatcherOptions["onBatch"];
}

/** Stays the same object through evictions and crashes: whoever holds it goes on using it. */
export class LoadedModel implements Evaluator, Resident {
  readonly name: string;
  readonly #options: LoadedModelOptions;
  readonly #batcher: Batcher;
  readonly #specs: Pick<OpenSession, "inputs" | "outputs">;
  readonly #maxBatchSize: number;
  #session: OpenSession | undefined;
  #last: OpenSession;
  #opening: Promise<void> | undefined;
  #state: ModelState = "ready";
  #lastUsed = performance.now();

  /** Loads. */
  static async open(options: LoadedModelOptions): Promise<LoadedModel> {
    options.onState("loading");
    let isLost = false;
    let lose = (): void => {
      isLost = true;
    };
    const session = await options.open(() => lose());
    const model = new LoadedModel(options, session);
    lose = () => model.#lose();
    options.onState("ready");
    if (isLost) model.#lose();
    return model;
  }

  private constructor(options: LoadedModelOptions, session: OpenSession) {
    this.name = options.name;
    this.#options = options;
    this.#session = session;
    this.#last = session;
    this.#specs = { inputs: session.inputs, outputs: session.outputs };
    const device: BatchDevice = {
      prepare: () => this.#prepare(),
      request: (turn: Turn) => this.#last.gate.request(turn),
      run: (batch) => this.#run(batch),
    };
    const { queueLimit, onBatch } = options;
    this.#maxBatchSize = Math.min(options.maxBatchSize, fixedBatch(session.inputs) ?? options.maxBatchSize);
    this.#batcher = new Batcher({ ...this.#specs, device, maxBatchSize: this.#maxBatchSize, queueLimit, onBatch });
  }

  get execution(): Execution {
    return this.#last.execution;
  }

  get inputs(): readonly TensorSpec[] {
    return this.#specs.inputs;
  }

  get outputs(): readonly TensorSpec[] {
    return this.#specs.outputs;
  }

  get maxBatchSize(): number {
    return this.#maxBatchSize;
  }

  get state(): ModelState {
    return this.#state;
  }

  get load(): Batcher["load"] {
    return this.#batcher.load;
  }

  get memoryBytes(): number {
    return this.#session?.execution.memoryBytes ?? 0;
  }

  get lastUsed(): number {
    return this.#lastUsed;
  }

  get isIdle(): boolean {
    return this.#batcher.isIdle && this.#opening === undefined && this.#session !== undefined;
  }

  async evaluate(request: EvaluationRequest): Promise<EvaluationResult> {
    if (this.#state === "unloading" || this.#state === "unloaded") throw notReady(this.name, this.#state);
    this.#lastUsed = performance.now();
    return this.#batcher.evaluate(request);
  }

  /** Frees its memory; it loads again on next use. */
  async evict(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (this.#state === "ready") this.#enter("evicted");
    await session?.close();
  }

  /** Takes nothing new; ends when what it has is done, or at once when `isHasty`, after the batch that computes. */
  async unload(isHasty = false): Promise<void> {
    if (this.#state === "unloaded") return;
    this.#enter("unloading");
    if (isHasty) this.#batcher.rejectWaiting(notReady(this.name, "unloading"));
    await this.#batcher.idle();
    await this.#opening?.catch(() => undefined); // its failure has reached those who waited for it
    await this.evict();
    this.#enter("unloaded");
  }

  #enter(state: ModelState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #lose(): void {
    this.#session = undefined;
    if (this.#state === "ready") this.#enter("evicted");
  }

  #prepare(): Promise<void> | undefined {
    if (this.#session) return undefined;
    this.#opening ??= this.#reopen().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #reopen(): Promise<void> {
    const isReady = this.#state === "evicted";
    if (isReady) this.#enter("loading");
    try {
      const session = await this.#options.open(() => this.#lose());
      const { inputs, outputs } = session;
      if (JSON.stringify({ inputs, outputs }) !== JSON.stringify(this.#specs)) {
        await session.close();
        throw new DomainError("MODEL_NOT_READY", `${this.name} has other inputs or outputs than before; load it anew`, {
          resource: `models/${this.name}`,
          metadata: { state: "evicted" },
        });
      }
      this.#session = session;
      this.#last = session;
      if (isReady) this.#enter("ready");
    } catch (error) {
      if (isReady) this.#enter("evicted");
      throw error;
    }
  }

  async #run(batch: Batch): Promise<BatchResult> {
    const preparing = this.#prepare();
    if (preparing) await preparing;
    const result = await this.#session!.run(batch);
    this.#lastUsed = performance.now();
    return result;
  }
}

/** The network does not take work. */
export function notReady(name: string, state: string): DomainError {
  return new DomainError("MODEL_NOT_READY", `${name} is ${state}; load it first`, {
    resource: `models/${name}`,
    metadata: { state },
  });
}
