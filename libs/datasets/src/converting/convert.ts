/** @file Conversion of pictures into a dataset: in order, whatever thread is first; interrupted, it goes on where it was. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { DomainError } from "@tandem/errors";
import type { DatasetProblem } from "../check/problems.js";
import { orderOf } from "../files/name-order.js";
import { invalidDataset } from "../invalid-dataset.js";
import { checkLabels, type Label, labelsOf } from "../samples/labels.js";
import { type DatasetWriter, openDatasetWriter, type WrittenItem } from "../writing/dataset-writer.js";
import { type ConvertHooks, type ConvertOptions, type ConvertPlan, type ConvertReport, planOf } from "./options.js";
import type { PictureFile, PictureSource } from "./picture-source.js";
import { isOfThePicture, type Prepared } from "./prepare.js";
import { bytesOf, PreparePool, type Travelling } from "./prepare-pool.js";

/** Bytes of pictures that travel together, about; and how many at most. */
const [GROUP_BYTES, GROUP_MAX] = [2 ** 20, 64];
/** Changes whenever the same pictures and options would give other bytes. */
const VERSION = 1;

/**
 * Converts pictures into a dataset of images (numerics, section 7). It appears complete or not at all. Interrupted by a crash, an
 * error or the signal, the same call goes on where it was and ends with the same bytes.
 * @param source     stays open
 * @param outputPath an archive, when it ends in ".zip", else a folder
 * @throws DomainError FIELD_INVALID (an option); OUTPUT_EXISTS; DATASET_INVALID naming the picture: not readable, of another size than
 *   the others, labels that do not fit, two of one name; OUT_OF_MEMORY (disk full); the signal's reason
 */
export async function convertDataset(
  source: PictureSource,
  outputPath: string,
  options: ConvertOptions = {},
  hooks: ConvertHooks = {},
): Promise<ConvertReport> {
  const plan = planOf(options);
  hooks.signal?.throwIfAborted();
  const pictures = inOrder(source, options);
  const work = workOf(source, pictures, plan, options);
  const writer = await openDatasetWriter(outputPath, { kind: "images", work });
  try {
    const resumed = writer.count;
    const total = Math.min(options.maxImages ?? pictures.length, pictures.length);
    const pool = new PreparePool(plan, Math.min(options.workers ?? availableParallelism(), pictures.length));
    try {
      await new Conversion(source, pictures, writer, pool, options, hooks, total).run();
    } finally {
      await pool.close();
    }
    if (writer.count === 0) throw invalidDataset(source.path, "has no picture that can be used");
    await writer.finish();
    const [, height, width] = writer.shape as [number, number, number];
    const { count, skipped } = writer;
    return { count, width, height, skipped: skipped.kept, skippedCount: skipped.count, resumed };
  } finally {
    await writer.close();
  }
}

/** A picture of the source, by its index, with its label. */
interface Ordered {
  readonly index: number;
  readonly name: string;
  readonly label: Label | undefined;
}

/** Pictures sorted by name. */
function inOrder({ path, names, labels }: PictureSource, options: ConvertOptions): Ordered[] {
  if (names.length === 0) throw invalidDataset(path, "holds no pictures");
  const own = options.labels === undefined ? labels : options.labels && labelsOf(path, options.labels, names);
  if (own) {
    if (own.length !== names.length)
      throw invalidDataset(path, `has ${own.length} labels for ${names.length} pictures`);
    checkLabels(path, own, names);
  }
  const pictures = names.map((name, index) => ({ index, name, label: own?.[index] }));
  const order = orderOf(names);
  pictures.sort((a, b) => order(a.name, b.name));
  const twice = pictures.findIndex(({ name }, i) => i > 0 && name === pictures[i - 1]!.name);
  if (twice >= 0) throw invalidDataset(`${path}: ${pictures[twice]!.name}`, "there are two pictures of this name");
  return pictures;
}

/** A digest of all that decides about the dataset's bytes, but for the pixels. */
function workOf(
  source: PictureSource,
  pictures: readonly Ordered[],
  plan: ConvertPlan,
  options: ConvertOptions,
): string {
  const hash = createHash("sha256");
  const { maxImages, skipBad = false } = options;
  hash.update(JSON.stringify([VERSION, source.path, source.version, plan, maxImages, skipBad]));
  for (const { name, label } of pictures) hash.update(JSON.stringify([name, label]));
  return hash.digest("hex");
}

class Conversion {
  /** Bytes of pictures that were read, and how many, for the size of groups. */
  #read = { bytes: 0, pictures: 0 };
  #next: number;

  constructor(
    private readonly source: PictureSource,
    private readonly pictures: readonly Ordered[],
    private readonly writer: DatasetWriter,
    private readonly pool: PreparePool,
    private readonly options: ConvertOptions,
    private readonly hooks: ConvertHooks,
    private readonly total: number,
  ) {
    this.#next = writer.finished;
  }

  async run(): Promise<void> {
    const { signal } = this.hooks;
    const stop = () => void this.pool.close();
    signal?.addEventListener("abort", stop, { once: true });
    const inWork: Promise<(readonly [Ordered, Prepared])[]>[] = [];
    try {
      this.#tell();
      while (this.writer.count < this.total) {
        while (inWork.length < this.pool.capacity + 1 && this.#next < this.pictures.length) inWork.push(this.#begin());
        const group = inWork.shift();
        if (!group) return;
        await this.#write(await group);
        signal?.throwIfAborted();
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      await Promise.allSettled(inWork);
    }
  }

  /** Reads and prepares the next pictures. */
  #begin(): Promise<(readonly [Ordered, Prepared])[]> {
    const { bytes, pictures } = this.#read;
    const fits = pictures === 0 ? 1 : Math.floor(GROUP_BYTES / (bytes / pictures));
    const group = this.pictures.slice(this.#next, this.#next + Math.min(GROUP_MAX, Math.max(1, fits)));
    this.#next += group.length;
    const prepared = this.#prepare(group);
    // It may fail while an earlier one is still awaited; it is looked at in its turn.
    prepared.catch(() => {});
    return prepared;
  }

  async #prepare(group: readonly Ordered[]): Promise<(readonly [Ordered, Prepared])[]> {
    const read = await Promise.all(group.map((picture) => this.#readPicture(picture)));
    const there = read.flatMap((picture, i) => ("code" in picture ? [] : [{ file: this.#file(group[i]!), picture }]));
    for (const { picture } of there) {
      this.#read.bytes += bytesOf(picture)?.length ?? (picture as PictureFile).bytes;
      this.#read.pictures++;
    }
    const prepared = there.length > 0 ? await this.pool.run(there) : [];
    let at = 0;
    return group.map((picture, i) => [picture, "code" in read[i]! ? read[i] : prepared[at++]!] as const);
  }

  async #readPicture({ index }: Ordered): Promise<Travelling | { code: string; message: string }> {
    try {
      return this.source.fileOf?.(index) ?? (await this.source.read(index));
    } catch (error) {
      if (!(error instanceof DomainError) || !isOfThePicture(error)) throw error;
      return { code: "unreadable", message: error.message };
    }
  }

  async #write(group: (readonly [Ordered, Prepared])[]): Promise<void> {
    const items: WrittenItem[] = [];
    let shape = this.writer.shape;
    let written = this.writer.count;
    for (const [picture, prepared] of group) {
      if (written === this.total) break;
      let problem: Pick<DatasetProblem, "code" | "message"> | undefined;
      if ("code" in prepared) problem = prepared;
      else {
        const { bytes, crc, width, height } = prepared;
        shape ??= [3, height, width];
        if (shape[1] === height && shape[2] === width) {
          items.push({ bytes, crc, shape, label: picture.label });
          written++;
        } else problem = this.#otherSize(picture, prepared, shape);
      }
      if (problem) items.push({ problem: this.#leaveOut(picture, problem) });
    }
    await this.writer.add(items);
    this.#tell();
  }

  #otherSize(picture: Ordered, { width, height }: { width: number; height: number }, shape: readonly number[]) {
    const message = `${this.#file(picture)}: is ${width}x${height}, but those before are ${shape[2]}x${shape[1]}; give a size to resize all`;
    return { code: "size-differs", message };
  }

  /** Reports a picture that cannot be used, or fails with it. */
  #leaveOut(picture: Ordered, { code, message }: Pick<DatasetProblem, "code" | "message">): DatasetProblem {
    if (!this.options.skipBad)
      throw new DomainError("DATASET_INVALID", message, { resource: this.#file(picture), metadata: { code } });
    const problem = { path: picture.name, code, message, isFatal: false };
    this.hooks.onProblem?.(problem);
    return problem;
  }

  #file({ name }: Ordered): string {
    return `${this.source.path}: ${name}`;
  }

  #tell(): void {
    const { count, skipped } = this.writer;
    this.hooks.onProgress?.({ done: count, total: this.total, skipped: skipped.count });
  }
}
