/** @file A ZIP archive's files. Those that are stored are read where they lie; compressed ones are inflated whole. */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { fileError } from "@tandem/formats";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { invalidDataset } from "../invalid-dataset.js";
import { BlockReader } from "./block-reader.js";
import type { DatasetFiles } from "./dataset-files.js";
import { sortNames } from "./name-order.js";

/** ZIP's names of what it does to files. */
const [STORED, DEFLATED] = [0, 8];
/** One file may not inflate to more. */
const MAX_FILE_BYTES = 2 ** 30;
/** What a local header takes, its name and extra field aside. */
const LOCAL_HEADER_BYTES = 30;

const inflate = promisify(inflateRaw);

/** What is kept of an entry: there may be a million. */
interface Place {
  /** Where its local header begins. */
  readonly header: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly crc32: number;
  readonly isStored: boolean;
}

/** An archive. */
export class ZipFiles implements DatasetFiles {
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly entries: ReadonlyMap<string, Place>,
  ) {
    this.names = sortNames([...entries.keys()]);
  }

  static async open(path: string): Promise<ZipFiles> {
    const file = await open(path, "r");
    try {
      const entries = new Map<string, Place>();
      for await (const entry of entriesOf(await openZip(file, path), path)) {
        if (entry.fileName.endsWith("/")) continue;
        if (entries.has(entry.fileName))
          throw invalidDataset(`${path}: ${entry.fileName}`, "the archive has two files of this name");
        checkEntry(`${path}: ${entry.fileName}`, entry);
        entries.set(entry.fileName, {
          header: entry.relativeOffsetOfLocalHeader,
          size: entry.uncompressedSize,
          compressedSize: entry.compressedSize,
          crc32: entry.crc32,
          isStored: entry.compressionMethod === STORED,
        });
      }
      return new ZipFiles(path, file, entries);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  size(name: string): number {
    return this.entries.get(name)!.size;
  }

  async crc32(name: string): Promise<number> {
    return this.entries.get(name)!.crc32;
  }

  async read(name: string, offset = 0, length = this.size(name) - offset): Promise<Buffer> {
    const { header, size, compressedSize, isStored } = this.entries.get(name)!;
    const start = await this.#start(name, header);
    if (isStored) return this.#bytes(name, start + offset, length);
    const packed = await this.#bytes(name, start, compressedSize);
    const whole = await inflate(packed, { maxOutputLength: Math.max(1, size) }).catch((error) => {
      throw invalidDataset(`${this.path}: ${name}`, "cannot be inflated: it is damaged", error);
    });
    return whole.subarray(offset, offset + length);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Where an entry's bytes begin: behind its local header, whose length only itself tells. */
  async #start(name: string, at: number): Promise<number> {
    const header = await this.#bytes(name, at, LOCAL_HEADER_BYTES);
    if (header.readUInt32LE(0) !== 0x04034b50)
      throw invalidDataset(`${this.path}: ${name}`, "is not where the archive says: it is damaged");
    return at + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  }

  async #bytes(name: string, position: number, length: number): Promise<Buffer> {
    const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === length) return buffer;
    throw invalidDataset(`${this.path}: ${name}`, "is cut off: the archive is truncated");
  }
}

function checkEntry(file: string, entry: Entry): void {
  if (entry.isEncrypted()) throw invalidDataset(file, "is encrypted");
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw invalidDataset(file, `is compressed by method ${entry.compressionMethod}; stored and deflated are read`);
  if (entry.uncompressedSize > MAX_FILE_BYTES)
    throw invalidDataset(file, `says it has ${entry.uncompressedSize} bytes; at most ${MAX_FILE_BYTES} are read`);
}

/** yauzl refuses names that lead out of the archive, and archives whose directory lies. */
async function openZip(file: FileHandle, path: string): Promise<ZipFile> {
  try {
    const { size } = await file.stat();
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
    return await yauzl.fromRandomAccessReaderPromise(new BlockReader(file), size, options);
  } catch (error) {
    throw asDatasetError(path, error);
  }
}

async function* entriesOf(zip: ZipFile, path: string): AsyncGenerator<Entry> {
  const events: (Entry | Error | null)[] = [];
  let wake = () => {};
  const tell = (event: Entry | Error | null) => {
    events.push(event);
    wake();
  };
  zip.on("entry", tell);
  zip.on("error", tell);
  zip.on("end", () => tell(null));
  for (;;) {
    zip.readEntry();
    while (events.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    const event = events.shift()!;
    if (event === null) return;
    if (event instanceof Error) throw asDatasetError(path, event);
    yield event;
  }
}

function asDatasetError(path: string, error: unknown): unknown {
  const known = fileError(path, error);
  if (known !== error || !(error instanceof Error)) return known;
  return invalidDataset(path, `is not a ZIP archive that can be read (${error.message})`, error);
}
