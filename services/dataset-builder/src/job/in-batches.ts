/** @file Samples into samples of another dataset, some at a time, going on where an earlier attempt was. */
import { createHash } from "node:crypto";
import { type DatasetWriterOptions, type Label, openDatasetWriter, type WrittenSample } from "@tandem/datasets";
import type { ChildContext } from "@tandem/jobs";

/** What goes in and what is made of it. */
export interface BatchedWork {
  readonly output: string;
  readonly kind: DatasetWriterOptions["kind"];
  readonly count: number;
  readonly batchSize: number;
  /** One for each sample; undefined for none. */
  readonly labels: readonly Label[] | undefined;
  /** Everything else that decides about the bytes. */
  readonly identity: readonly unknown[];
  readonly stage: string;
}

/** Samples by number, in whatever form they come. */
type Read<T> = (first: number, count: number) => Promise<T>;
/** Samples, encoded; `first` is the number of the first. */
type Make<T> = (batch: T, count: number, first: number) => Promise<readonly Omit<WrittenSample, "label">[]>;

/** Changes whenever the same input would give other bytes. */
const VERSION = 1;

/**
 * The next samples are read while those before are computed. A batch is always made of the same samples, since arithmetic may differ
 * in the last bits with its size: one that an interruption cut is computed again, and what is missing of it written.
 * @throws DomainError OUTPUT_EXISTS, OUT_OF_MEMORY (disk full); what `read` and `make` throw; the signal's reason
 */
export async function inBatches<T>(
  { output, kind, count, batchSize, labels, identity, stage }: BatchedWork,
  { signal, progress }: Pick<ChildContext, "signal" | "progress">,
  read: Read<T>,
  make: Make<T>,
): Promise<void> {
  const identified = JSON.stringify([VERSION, kind, count, batchSize, labels ?? null, ...identity]);
  const work = createHash("sha256").update(identified).digest("hex");
  const writer = await openDatasetWriter(output, { kind, work });
  const sizeFrom = (first: number) => Math.min(batchSize, count - first);
  try {
    const begin = writer.finished - (writer.finished % batchSize);
    let reading = begin < count ? read(begin, sizeFrom(begin)) : undefined;
    for (let first = begin; first < count; first += batchSize) {
      progress({ done: writer.count, total: count, unit: "images", stage });
      signal.throwIfAborted();
      const batch = await reading!;
      const next = first + batchSize;
      reading = next < count ? read(next, sizeFrom(next)) : undefined;
      reading?.catch(() => {}); // looked at in its turn
      const made = await make(batch, sizeFrom(first), first);
      const missing = made.slice(writer.finished - first);
      await writer.add(missing.map((sample, i) => ({ ...sample, label: labels?.[writer.finished + i] })));
    }
    progress({ done: count, total: count, unit: "images", stage });
    await writer.finish();
  } finally {
    await writer.close();
  }
}
