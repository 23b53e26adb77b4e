/** @file How much sampling may go on at once: a run is refused at its beginning rather than in its middle. */
import { DomainError } from "@tandem/errors";

/** Lets runs in while their samples, all waiting at once, fit the networks' queues. */
export class Admission {
  #samples = 0;
  /** Running mean of the time that a run takes, milliseconds. */
  #runMs = 1000;

  /** @param limit samples that may be in progress; a single run always may */
  constructor(private readonly limit: number) {}

  /** Samples in progress. */
  get samples(): number {
    return this.#samples;
  }

  /** Takes up room until disposed of. @throws DomainError QUEUE_FULL with a delay */
  admit(samples: number): Disposable {
    if (this.#samples > 0 && this.#samples + samples > this.limit)
      throw new DomainError("QUEUE_FULL", `${this.#samples} samples are in progress; this server takes ${this.limit}`, {
        metadata: { max: this.limit },
        retryAfterMs: Math.ceil(this.#runMs),
      });
    this.#samples += samples;
    const since = performance.now();
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#samples -= samples;
        this.#runMs = 0.7 * this.#runMs + 0.3 * (performance.now() - since);
      },
    };
  }
}
