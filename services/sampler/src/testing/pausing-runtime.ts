/** @file For tests: a runtime whose networks really compute, but can be held and are counted. */
import { type EvaluationRequest, type Evaluator, type LoadOptions, type ModelSource, Runtime } from "@tandem/runtime";

/** The border to the device: everything above it is the real thing. */
export class PausingRuntime extends Runtime {
  /** Evaluations begun, by network. */
  readonly evaluations: Record<string, number> = {};
  /** Evaluations that were begun and have not ended. */
  running = 0;
  #held: { at: number; reached: PromiseWithResolvers<void>; release: PromiseWithResolvers<void> } | undefined;

  /** Evaluations begun, of all networks. */
  get total(): number {
    return Object.values(this.evaluations).reduce((sum, count) => sum + count, 0);
  }

  /** Holds the `at`-th evaluation from now on, of all networks together, and those after it, until released. */
  pauseAt(at: number): { reached: Promise<void>; release: () => void } {
    this.#held = { at: this.total + at, reached: Promise.withResolvers(), release: Promise.withResolvers() };
    const { reached, release } = this.#held;
    return {
      reached: reached.promise,
      release: () => {
        this.#held = undefined;
        release.resolve();
      },
    };
  }

  override async load(name: string, source: ModelSource, options?: LoadOptions): Promise<Evaluator> {
    const evaluator = await super.load(name, source, options);
    const { inputs, outputs, maxBatchSize } = evaluator;
    return {
      inputs,
      outputs,
      maxBatchSize,
      get execution() {
        return evaluator.execution;
      },
      evaluate: (request) => this.#evaluate(name, evaluator, request),
    };
  }

  async #evaluate(name: string, evaluator: Evaluator, request: EvaluationRequest) {
    this.evaluations[name] = (this.evaluations[name] ?? 0) + 1;
    this.running++;
    try {
      const held = this.#held;
      if (held && this.total >= held.at) {
        held.reached.resolve();
        await Promise.race([held.release.promise, aborted(request.signal)]);
      }
      return await evaluator.evaluate(request);
    } finally {
      this.running--;
    }
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
