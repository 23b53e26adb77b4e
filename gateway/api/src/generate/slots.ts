/** @file Room for so much work at once. */
import { DomainError } from "@tandem/errors";

/** Counts work in progress; what is too much is refused, not queued: whoever asks can wait better. */
export class Slots {
  #taken = 0;

  constructor(private readonly most: number) {}

  get taken(): number {
    return this.#taken;
  }

  /** Takes a slot until it is disposed. @throws DomainError QUEUE_FULL */
  take(): Disposable {
    if (this.#taken >= this.most)
      throw new DomainError("QUEUE_FULL", `${this.most} generations run already; try again in a moment`, {
        metadata: { limit: this.most },
        retryAfterMs: 1_000,
      });
    this.#taken++;
    return { [Symbol.dispose]: () => this.#taken-- };
  }
}
