/** @file Who waits for news of a job is woken when there are some. */

/** Tells waiters within this process that something changed. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Wakes all who wait for this job. */
  tell(name: string): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const wake of waiting ?? []) wake();
  }

  /**
   * Resolves at the next change; listening begins at once, so that nothing between a read and the wait is missed. Give it up
   * with `using`.
   */
  next(name: string, signal: AbortSignal): { happened: Promise<void> } & Disposable {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // whoever gives up does not wait for it
    const abort = () => reject(signal.reason);
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(resolve));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    return {
      happened: promise,
      [Symbol.dispose]: () => {
        signal.removeEventListener("abort", abort);
        waiting.delete(resolve);
        if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
      },
    };
  }
}
