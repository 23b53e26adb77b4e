/** @file Writes a dataset, image by image: it appears complete or not at all, and goes on where a crash or a pause left it. */
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { DomainError } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import { type DatasetProblem, Problems } from "../check/problems.js";
import { invalidDataset } from "../invalid-dataset.js";
import type { Label } from "../samples/labels.js";
import { ArchiveStore } from "./archive-store.js";
import type { EncodedFile, EntryStore } from "./entry-store.js";
import { FolderStore } from "./folder-store.js";
import { itemsThere } from "./items-there.js";
import { Journal, type JournalItem } from "./journal.js";
import { labelsText } from "./labels-text.js";
import { type Lock, lock } from "./lock.js";
import { type SampleKind, sampleName } from "./sample-name.js";

/** What became of one item of the source: a file with its label, or a reason to leave it out. */
export type WrittenItem = WrittenSample | { readonly problem: DatasetProblem };

/** A sample, encoded. */
export interface WrittenSample {
  readonly bytes: Uint8Array;
  /** CRC-32 of the bytes, where it is known already. */
  readonly crc?: number;
  /** [C, H, W]; the same for all. */
  readonly shape: readonly number[];
  readonly label?: Label | undefined;
}

/** What is written. */
export interface DatasetWriterOptions {
  /** Images are PNG files (`encodePng`), latents .npy files (`encodeNpy`) of float32 [2 C, h, w]. */
  readonly kind: SampleKind;
  /** Anything that is the same when, and only when, the same items come in the same order: unfinished work goes on, or begins anew. */
  readonly work: string;
}

/** Bytes and files after which what was written is made to outlast a power cut. */
const [SYNC_BYTES, SYNC_FILES] = [2 ** 25, 2048];
const LABELS = "dataset.json";

/**
 * Begins a dataset, or goes on with one that was not finished.
 * @param path the archive, when it ends in ".zip", else the folder; written beside as `<path>.part` until it is whole
 * @throws DomainError OUTPUT_EXISTS (it is there, or is being written by another process); URI_NOT_ALLOWED; OUT_OF_MEMORY (disk full)
 */
export async function openDatasetWriter(path: string, options: DatasetWriterOptions): Promise<DatasetWriter> {
  const target = path.replace(/\/+$/, "");
  await refuseExisting(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    const held = await lock(lockOf(target));
    try {
      return await DatasetWriter.open(target, options, held);
    } catch (error) {
      await held.release();
      throw error;
    }
  } catch (error) {
    throw fileError(target, error);
  }
}

/** Removes what an unfinished writing of `path` left. @throws DomainError OUTPUT_EXISTS when it is going on */
export async function discardUnfinished(path: string): Promise<void> {
  const target = path.replace(/\/+$/, "");
  try {
    const held = await lock(lockOf(target));
    for (const name of [partOf(target), journalOf(target)]) await rm(name, { recursive: true, force: true });
    await held.release();
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fileError(target, error); // its folder is gone: so is the rest
  }
}

const openStore = (path: string): Promise<EntryStore> =>
  (isArchive(path) ? ArchiveStore : FolderStore).open(partOf(path), path);
const isArchive = (path: string) => path.toLowerCase().endsWith(".zip");
const partOf = (path: string) => `${path}.part`;
const journalOf = (path: string) => `${path}.part.journal`;
const lockOf = (path: string) => `${path}.part.lock`;

export class DatasetWriter {
  /** Items of the source that are done, those included that an earlier, interrupted writing did: go on behind. */
  finished = 0;
  /** Files written, of those. */
  count = 0;
  /** [C, H, W] of every sample; undefined before the first. */
  shape: readonly number[] | undefined;
  /** Items left out, of those. */
  readonly skipped = new Problems();
  readonly #labels: (Label | undefined)[] = [];
  /** Files may be half written since. */
  #failed: unknown;
  #unsynced = { bytes: 0, files: 0 };
  /** The sync that runs, of the first `items`. */
  #sync: { readonly items: number; readonly done: Promise<void>; isDone: boolean } | undefined;

  private constructor(
    private readonly path: string,
    private readonly kind: SampleKind,
    private readonly store: EntryStore,
    private readonly journal: Journal,
    private readonly lock: Lock,
  ) {}

  static async open(path: string, { kind, work }: DatasetWriterOptions, lock: Lock): Promise<DatasetWriter> {
    const whole = `${kind} ${work}`;
    const record = await Journal.read(journalOf(path), whole);
    if (!record) await rm(partOf(path), { recursive: true, force: true });
    let store = await openStore(path);
    try {
      const kept = record && (await itemsThere(store, record, kind));
      if (record && !kept) {
        await store.close();
        await rm(partOf(path), { recursive: true, force: true });
        store = await openStore(path);
      }
      const journal =
        record && kept
          ? await Journal.resume(journalOf(path), record, kept.length)
          : await Journal.create(journalOf(path), whole);
      const writer = new DatasetWriter(path, kind, store, journal, lock);
      writer.#note(kept ?? []);
      return writer;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Writes items in their order; after an error, no more. Once it resolves they survive the process; from time to time, also a power cut. */
  async add(items: readonly WrittenItem[]): Promise<void> {
    if (this.#failed) throw this.#failed;
    const files: EncodedFile[] = [];
    const notes: JournalItem[] = [];
    for (const item of items) {
      if ("problem" in item) notes.push(item);
      else {
        const { bytes, crc = crc32(bytes), label, shape } = item;
        const name = sampleName(this.kind, this.count + files.length);
        if (String(shape) !== String(this.shape ?? shape))
          throw invalidDataset(`${this.path}: ${name}`, `is [${shape}], but those before are [${this.shape}]`);
        files.push({ name, bytes, crc });
        notes.push({ size: bytes.length, crc, label, ...(this.shape ? {} : { shape }) });
        this.shape ??= shape;
      }
    }
    try {
      await this.store.append(files);
      await this.journal.append(notes);
      this.#note(notes);
      await this.#syncSometimes(files);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Ends the dataset: labels, directory, and its name. @throws DomainError DATASET_INVALID when some have labels and some not */
  async finish(): Promise<void> {
    try {
      if (this.#failed) throw this.#failed;
      await this.#endSync();
      const bytes = Buffer.from(labelsText(this.path, this.kind, this.#labels));
      await this.store.append([{ name: LABELS, bytes, crc: crc32(bytes) }]);
      await refuseExisting(this.path);
      await this.store.publish();
      await rm(journalOf(this.path), { force: true });
    } catch (error) {
      throw this.#failure(error);
    } finally {
      await this.close();
    }
  }

  /** Stops before the end. What is written waits for the next time. Twice is nothing. */
  async close(): Promise<void> {
    await this.#sync?.done.catch(() => {}); // It was thrown where it was waited for, or nobody asks any more.
    await this.store.close();
    await this.journal.close();
    await this.lock.release();
  }

  #note(items: readonly JournalItem[]): void {
    for (const item of items) {
      this.finished++;
      if ("problem" in item) this.skipped.add(item.problem);
      else {
        this.count++;
        this.shape ??= item.shape;
        this.#labels.push(item.label);
      }
    }
  }

  /** Makes what was written outlast a power cut, beside the writing of more. */
  async #syncSometimes(files: readonly EncodedFile[]): Promise<void> {
    this.#unsynced.files += files.length;
    for (const { bytes } of files) this.#unsynced.bytes += bytes.length;
    if (this.#sync?.isDone) await this.#endSync();
    if (this.#sync || (this.#unsynced.bytes < SYNC_BYTES && this.#unsynced.files < SYNC_FILES)) return;
    const sync = { items: this.finished, isDone: false, done: this.store.sync() };
    const end = () => {
      sync.isDone = true;
    };
    sync.done.then(end, end);
    this.#sync = sync;
    this.#unsynced = { bytes: 0, files: 0 };
  }

  /** Waits for the sync that runs, if one does. */
  async #endSync(): Promise<void> {
    const sync = this.#sync;
    if (!sync) return;
    await sync.done;
    this.#sync = undefined;
    await this.journal.markSynced(sync.items);
  }

  #failure(error: unknown): unknown {
    const isFull = systemCode(error) === "ENOSPC" || systemCode(error) === "EDQUOT";
    this.#failed ??= isFull ? this.#noSpace(error) : fileError(this.path, error);
    return this.#failed;
  }

  #noSpace(cause: unknown): DomainError {
    const done = `${this.count} samples wait beside it: make room and run it again to go on`;
    const message = `${this.path}: no space left on the disk; ${done}`;
    return new DomainError("OUT_OF_MEMORY", message, { resource: this.path, cause });
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    if (isFolder && !isArchive(path) && (await readdir(path)).length === 0) return;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw fileError(path, error);
  }
  throw new DomainError("OUTPUT_EXISTS", `${path} is there already; remove it, or choose another name`, {
    resource: path,
  });
}
