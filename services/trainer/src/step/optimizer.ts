/** @file The optimizer: its threads, each with a share of the rows of every tensor. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type OptimizerCommand, OptimizerShare, type RowRange } from "./optimizer-share.js";
import type { StateMemory } from "./state-memory.js";

/** Works in place on a StateMemory. One command at a time. */
export class Optimizer implements AsyncDisposable {
  readonly #own: OptimizerShare;
  readonly #workers: readonly Worker[];

  /** @param threads that it computes with, this one included */
  constructor({ memories, places }: StateMemory, threads: number) {
    const total = places.reduce((sum, { tensor }) => sum + tensor.taps * tensor.outputs * tensor.channels, 0);
    const ranges: RowRange[][] = Array.from({ length: threads }, () => []);
    let begun = 0;
    for (const place of places) {
      const { taps, outputs, channels } = place.tensor;
      const size = taps * outputs * channels;
      let low = 0;
      for (const [thread, share] of ranges.entries()) {
        const wanted = Math.round((((total * (thread + 1)) / threads - begun) / size) * outputs);
        const high = Math.max(low, Math.min(outputs, wanted));
        if (high > low) share.push({ place, low, high });
        low = high;
      }
      begun += size;
    }
    this.#own = new OptimizerShare(memories, ranges[0]!);
    const module = new URL("./optimizer-thread.js", import.meta.url);
    this.#workers = ranges.slice(1).map((share) => new Worker(module, { workerData: { memories, ranges: share } }));
  }

  /** @returns gradient elements that were not finite, and became 0 */
  async do(command: OptimizerCommand): Promise<number> {
    const answers = this.#workers.map(async (worker) => {
      worker.postMessage(command);
      const [broken] = (await once(worker, "message")) as [number];
      return broken;
    });
    const own = this.#own.do(command);
    return (await Promise.all(answers)).reduce((sum, broken) => sum + broken, own);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
