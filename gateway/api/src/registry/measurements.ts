/** @file Recent measurements of one quantity. */

/** Values that may come before the order is found anew: it is asked for at every evaluation. */
const STALE = 8;

/** The last so many values, and what their order says. */
export class Measurements {
  readonly #values: number[] = [];
  readonly #size: number;
  #next = 0;
  #sorted: readonly number[] = [];
  #unsorted = 0;

  constructor(size = 256) {
    this.#size = size;
  }

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
    this.#unsorted++;
  }

  get count(): number {
    return this.#values.length;
  }

  /**
   * The smallest value that this share of the values does not exceed; undefined while there are none. The last few values may
   * not count yet once there are many.
   */
  quantile(share: number): number | undefined {
    if (this.#unsorted > 0 && (this.#unsorted >= STALE || this.#values.length < 4 * STALE)) {
      this.#sorted = this.#values.toSorted((a, b) => a - b);
      this.#unsorted = 0;
    }
    return this.#sorted[Math.max(0, Math.ceil(share * this.#sorted.length) - 1)];
  }
}
