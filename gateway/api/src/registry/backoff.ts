/** @file Waiting between attempts: longer after each failure, never in step with others. */
import { setTimeout as sleep } from "node:timers/promises";

/** Delays from `firstMs`, doubling up to `mostMs`, each with up to a quarter of chance added. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #nextMs: number;

  constructor(firstMs = 200, mostMs = 2_000) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#nextMs = firstMs;
  }

  /** Back to the first delay: an attempt succeeded. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }

  /** Waits; returns at once when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#nextMs * (1 + Math.random() / 4);
    this.#nextMs = Math.min(this.#nextMs * 2, this.#mostMs);
    await sleep(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
