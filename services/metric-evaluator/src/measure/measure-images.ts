/** @file Images through the detectors: while one batch is looked at, the next is read and prepared. */
import type { Detector } from "../detectors/detector.js";
import type { ImageBatch, ImageSource } from "../source/image-source.js";
import type { Measurement } from "./measurement.js";

/** How images are measured. */
export interface MeasureOptions {
  readonly seed: number;
  readonly positions: readonly number[];
  readonly batchSize: number;
  /** Detectors whose logits are wanted. */
  readonly logitsOf: ReadonlySet<string>;
  /** What is kept is this old at most, milliseconds: a kill costs no more. */
  readonly keepEveryMs: number;
  /** Told of the positions that are measured. */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Measures what is missing of a record; a signal that aborts ends it with what is done kept, and throws its reason.
 * @throws DomainError of source or detector; what was measured until then is kept as well
 */
export async function measureImages(
  source: ImageSource,
  detectors: readonly Detector[],
  measurement: Measurement,
  { seed, positions, batchSize, logitsOf, keepEveryMs, onProgress, signal }: MeasureOptions,
): Promise<void> {
  const missing = measurement.missing(positions);
  let done = positions.length - missing.length;
  onProgress(done);
  let keptAt = performance.now();
  let looking: Promise<void> = Promise.resolve();
  const look = async (batch: ImageBatch, inputs: readonly Float32Array[]) => {
    const rows = [];
    for (const [i, detector] of detectors.entries())
      rows.push(await detector.rows(inputs[i]!, batch.names, logitsOf.has(detector.name)));
    await measurement.add(batch.positions, rows);
    done += batch.positions.length;
    onProgress(done);
    if (performance.now() - keptAt < keepEveryMs) return;
    await measurement.keep();
    keptAt = performance.now();
  };
  try {
    for await (const batch of source.batches(seed, missing, batchSize, signal)) {
      const inputs = detectors.map((detector) => detector.prepare(batch.images));
      await looking;
      looking = look(batch, inputs);
      looking.catch(() => {}); // thrown where it is waited for
    }
    await looking;
  } catch (error) {
    await looking; // its own error, if it has one, says more
    await measurement.keep();
    throw error;
  }
  if (missing.length > 0) await measurement.keep();
}
