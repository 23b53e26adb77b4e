/** @file Recent measurements of one quantity. */

/** The last so many values, and what their order says. */
export class Measurements {
  readonly #values: number[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size = 256) {
    this.#size = size;
  }

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
  }

  get count(): number {
    return this.#values.length;
  }

  /** The smallest value that this share of the values does not exceed; undefined while there are none. */
  quantile(share: number): number | undefined {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  }
}
