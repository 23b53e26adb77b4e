/** @file Who is using a model: it stays in memory as long as anybody does. */
import { notReady } from "./not-ready.js";

/** Leases of one model. */
export class Leases {
  #users = 0;
  #idle = Promise.withResolvers<void>();
  #isRetired = false;

  /** @param name the model's resource name */
  constructor(private readonly name: string) {
    this.#idle.resolve();
  }

  /**
   * Keeps the model in memory until the lease is disposed of.
   * @throws DomainError MODEL_NOT_READY when it is being unloaded
   */
  take(): Disposable {
    if (this.#isRetired) throw notReady(this.name, "UNLOADED");
    if (this.#users++ === 0) this.#idle = Promise.withResolvers();
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        if (--this.#users === 0) this.#idle.resolve();
      },
    };
  }

  /** Refuses new leases at once; resolves when the last one is given back. */
  retire(): Promise<void> {
    this.#isRetired = true;
    return this.#idle.promise;
  }
}
