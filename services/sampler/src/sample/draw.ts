/** @file A batch drawn from its seeds without holding up the event loop. */
import { setImmediate } from "node:timers/promises";
import { type Batch, type BatchOptions, drawBatch, type Tensor } from "@tandem/diffusion";

/** What to draw; label rows, when given, are one per seed. */
export type DrawOptions = Omit<BatchOptions, "labels"> & { readonly labels: Tensor | undefined };

/** The part of a Batch that the loop needs. */
export type Drawn = Pick<Batch, "noise" | "labels" | "generators">;

/**
 * Draws sample by sample, which gives what drawing the batch at once gives: each sample has its own generator. A large sample
 * takes milliseconds, a batch of them half a second, in which nobody else would be answered.
 */
export async function draw({ labels, ...options }: DrawOptions, signal: AbortSignal): Promise<Drawn> {
  const singles: Batch[] = [];
  for (const [n, seed] of options.seeds.entries()) {
    signal.throwIfAborted();
    singles.push(drawBatch({ ...options, seeds: [seed], labels: labels && rowOf(labels, n) }));
    await setImmediate();
  }
  return {
    noise: joined(singles.map(({ noise }) => noise)),
    labels: joined(singles.map((single) => single.labels)),
    generators: singles.flatMap(({ generators }) => generators),
  };
}

function rowOf({ shape, data }: Tensor, n: number): Tensor {
  const width = shape[1]!;
  return { shape: [1, width], data: data.subarray(n * width, (n + 1) * width) };
}

/** One batch of single samples; all of them have the part, or none. */
function joined(singles: readonly (Tensor | undefined)[]): Tensor | undefined {
  const [first] = singles;
  if (!first) return undefined;
  const data = new Float32Array(first.data.length * singles.length);
  for (const [n, single] of singles.entries()) data.set(single!.data, n * first.data.length);
  return { shape: [singles.length, ...first.shape.slice(1)], data };
}
