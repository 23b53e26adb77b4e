/** @file A dataset in the order of a run: every epoch a permutation of its own, samples kept once they are decoded. */
import type { Dataset } from "./dataset.js";
import type { SampleBatch, SampleSource } from "./facts.js";
import { permutation } from "./permutation.js";

/** How a run reads. */
export interface TrainingSourceOptions {
  readonly seed: bigint;
  /** Whether it wants labels. */
  readonly isConditional: boolean;
  /** Datasets of at most so many bytes stay in memory once they are decoded; 2 GiB by default. */
  readonly keepBytes?: number;
}

const KEEP_BYTES = 2 ** 31;

/** Reads a dataset for a run; closing it closes the dataset. */
export function trainingSource(dataset: Dataset, options: TrainingSourceOptions): SampleSource {
  return new EpochSource(dataset, options);
}

class EpochSource implements SampleSource {
  readonly #size: number;
  /** Samples that were decoded already, and which; undefined for datasets that are too large. */
  readonly #kept: { samples: Uint8Array | Float32Array; isThere: Uint8Array } | undefined;
  /** The permutations of the epochs that a batch may span. */
  readonly #orders = new Map<number, Uint32Array>();

  constructor(
    private readonly dataset: Dataset,
    private readonly options: TrainingSourceOptions,
  ) {
    const { count, shape, kind } = dataset;
    this.#size = shape.reduce((a, b) => a * b, 1);
    const elements = count * this.#size;
    const isSmall = elements * (kind === "images" ? 1 : 4) <= (options.keepBytes ?? KEEP_BYTES);
    if (!isSmall) return;
    const samples = kind === "images" ? new Uint8Array(elements) : new Float32Array(elements);
    this.#kept = { samples, isThere: new Uint8Array(count) };
  }

  async read(first: number, count: number): Promise<SampleBatch> {
    const indices = Array.from({ length: count }, (_, i) => this.#index(first + i));
    return { data: await this.#samples(indices), labels: this.#labels(indices) };
  }

  close(): Promise<void> {
    return this.dataset.close();
  }

  #index(image: number): number {
    const { count } = this.dataset;
    const epoch = Math.floor(image / count);
    let order = this.#orders.get(epoch);
    if (!order) {
      order = permutation(count, this.options.seed, epoch);
      for (const old of this.#orders.keys()) if (Math.abs(old - epoch) > 1) this.#orders.delete(old);
      this.#orders.set(epoch, order);
    }
    return order[image % count]!;
  }

  async #samples(indices: readonly number[]): Promise<Uint8Array | Float32Array> {
    const kept = this.#kept;
    if (!kept) return this.dataset.read(indices);
    const size = this.#size;
    const missing = [...new Set(indices.filter((index) => !kept.isThere[index]))];
    if (missing.length > 0) {
      const read = await this.dataset.read(missing);
      for (const [i, index] of missing.entries()) {
        kept.samples.set(read.subarray(i * size, (i + 1) * size), index * size);
        kept.isThere[index] = 1;
      }
    }
    const samples =
      kept.samples instanceof Uint8Array
        ? new Uint8Array(indices.length * size)
        : new Float32Array(indices.length * size);
    for (const [i, index] of indices.entries())
      samples.set(kept.samples.subarray(index * size, (index + 1) * size), i * size);
    return samples;
  }

  #labels(indices: readonly number[]): Float32Array | undefined {
    if (!this.options.isConditional) return undefined;
    const { labels, labelDim } = this.dataset;
    const rows = new Float32Array(indices.length * labelDim);
    for (const [i, index] of indices.entries())
      rows.set(labels.subarray(index * labelDim, (index + 1) * labelDim), i * labelDim);
    return rows;
  }
}
