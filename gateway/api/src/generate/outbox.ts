/** @file Between workers that finish in any order and one reader: a queue that makes fast workers wait for a slow reader. */

/** Values on the way to one reader. */
export class Outbox<T> {
  readonly #values: T[] = [];
  readonly #capacity: number;
  #end: { error: unknown } | "open" | "done" = "open";
  #readable = Promise.withResolvers<void>();
  #writable = Promise.withResolvers<void>();

  /** @param capacity  values that may wait to be read */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds a value; resolves when there is room for the next, or when nobody reads any more. */
  async put(value: T): Promise<void> {
    this.#values.push(value);
    this.#readable.resolve();
    while (this.#values.length >= this.#capacity && this.#end === "open") {
      this.#writable = Promise.withResolvers();
      await this.#writable.promise;
    }
  }

  /** Adds a value only when nothing waits: news that is stale once it has to queue. */
  offer(value: T): void {
    if (this.#values.length > 0 || this.#end !== "open") return;
    this.#values.push(value);
    this.#readable.resolve();
  }

  /** No more values: the reader gets what waits, then the end, or the error. */
  end(error?: unknown): void {
    if (this.#end !== "open") return;
    this.#end = error === undefined ? "done" : { error };
    this.#readable.resolve();
    this.#writable.resolve();
  }

  /** For one reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) {
        this.#writable.resolve();
        yield value;
      } else if (this.#end === "done") return;
      else if (this.#end !== "open") throw this.#end.error;
      else {
        this.#readable = Promise.withResolvers();
        await this.#readable.promise;
      }
    }
  }
}
