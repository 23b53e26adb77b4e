/** @file A ZIP archive's files. Those that are stored are read where they lie; compressed ones are inflated whole. */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { fileError } from "@tandem/formats";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { invalidDataset } from "../invalid-dataset.js";
import type { DatasetFiles } from "./dataset-files.js";

/** ZIP's names of what it does to files. */
const [STORED, DEFLATED] = [0, 8];
/** One file may not inflate to more. */
const MAX_FILE_BYTES = 2 ** 30;
/** What a local header takes, its name and extra field aside. */
const LOCAL_HEADER_BYTES = 30;

const inflate = promisify(inflateRaw);

/** An archive. */
export class ZipFiles implements DatasetFiles {
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {
    this.names = [...entries.keys()].sort();
  }

  static async open(path: string): Promise<ZipFiles> {
    const entries = new Map<string, Entry>();
    const zip = await openZip(path);
    try {
      for await (const entry of entriesOf(zip, path)) {
        if (entry.fileName.endsWith("/")) continue;
        if (entries.has(entry.fileName))
          throw invalidDataset(`${path}: ${entry.fileName}`, "the archive has two files of this name");
        if (entry.isEncrypted()) throw invalidDataset(`${path}: ${entry.fileName}`, "is encrypted");
        if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
          throw invalidDataset(
            `${path}: ${entry.fileName}`,
            `is compressed by method ${entry.compressionMethod}; stored and deflated are read`,
          );
        if (entry.uncompressedSize > MAX_FILE_BYTES)
          throw invalidDataset(
            `${path}: ${entry.fileName}`,
            `says it has ${entry.uncompressedSize} bytes; at most ${MAX_FILE_BYTES} are read`,
          );
        entries.set(entry.fileName, entry);
      }
    } finally {
      zip.close();
    }
    return new ZipFiles(path, await open(path, "r"), entries);
  }

  size(name: string): number {
    return this.entries.get(name)!.uncompressedSize;
  }

  async crc32(name: string): Promise<number> {
    return this.entries.get(name)!.crc32;
  }

  async read(name: string, offset = 0, length = this.size(name) - offset): Promise<Buffer> {
    const entry = this.entries.get(name)!;
    const start = await this.#start(entry);
    if (entry.compressionMethod === STORED) return this.#bytes(name, start + offset, length);
    const packed = await this.#bytes(name, start, entry.compressedSize);
    const whole = await inflate(packed, { maxOutputLength: Math.max(1, entry.uncompressedSize) }).catch((error) => {
      throw invalidDataset(`${this.path}: ${name}`, "cannot be inflated: it is damaged", error);
    });
    return whole.subarray(offset, offset + length);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Where an entry's bytes begin: behind its local header, whose length only itself tells. */
  async #start({ fileName, relativeOffsetOfLocalHeader: at }: Entry): Promise<number> {
    const header = await this.#bytes(fileName, at, LOCAL_HEADER_BYTES);
    if (header.readUInt32LE(0) !== 0x04034b50)
      throw invalidDataset(`${this.path}: ${fileName}`, "is not where the archive says: it is damaged");
    return at + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  }

  async #bytes(name: string, position: number, length: number): Promise<Buffer> {
    const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === length) return buffer;
    throw invalidDataset(`${this.path}: ${name}`, "is cut off: the archive is truncated");
  }
}

/** yauzl refuses names that lead out of the archive, and archives whose directory lies. */
async function openZip(path: string): Promise<ZipFile> {
  try {
    return await new Promise<ZipFile>((resolve, reject) => {
      yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) =>
        error ? reject(error) : resolve(zip),
      );
    });
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
