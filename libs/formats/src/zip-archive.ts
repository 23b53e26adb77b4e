/** @file ZIP archives in memory: entries that are stored come as views, compressed ones are inflated within a budget. */
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { DomainError } from "@tandem/errors";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { unsafe } from "./file-error.js";

const inflate = promisify(inflateRaw);

/** Limits of an archive, so that a few bytes cannot ask for gigabytes. */
const maxEntries = 200_000;
/** All compressed entries together may unfold to this many times the archive's size, and 64 MiB. */
const maxRatio = 8;
const freeBytes = 64 * 2 ** 20;

const stored = 0;
const deflated = 8;

/** The files of an archive by name. */
export type ZipEntries = Map<string, Uint8Array>;

/** Whether bytes begin as a ZIP archive does (an empty one counts). */
export function isZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6))
  );
}

/**
 * All entries of an archive.
 * @param bytes the archive; entries stored without compression are views of it
 * @throws DomainError UNSAFE_FILE: damaged, encrypted, two entries of one name, or unfolding beyond the limits
 */
export async function readZip(bytes: Uint8Array, file: string): Promise<ZipEntries> {
  const entries: ZipEntries = new Map();
  let inflated = 0;
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
    });
    if (zip.entryCount > maxEntries)
      throw unsafe(file, `${zip.entryCount} entries are over the limit of ${maxEntries}`);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith("/")) continue;
      const name = JSON.stringify(entry.fileName.slice(0, 200));
      if (entries.has(entry.fileName)) throw unsafe(file, `two entries are named ${name}`);
      if (entry.compressionMethod === deflated) inflated += entry.uncompressedSize;
      if (inflated > freeBytes + maxRatio * bytes.byteLength)
        throw unsafe(file, `a ZIP bomb: ${name} unfolds far beyond the size of the archive`);
      entries.set(entry.fileName, await readEntry(bytes, zip, entry, file));
    }
  } catch (error) {
    throw error instanceof DomainError ? error : unsafe(file, `damaged archive: ${String(error).slice(0, 200)}`, error);
  }
  return entries;
}

async function readEntry(archive: Uint8Array, zip: ZipFile, entry: Entry, file: string): Promise<Uint8Array> {
  const name = JSON.stringify(entry.fileName.slice(0, 200));
  if (entry.isEncrypted()) throw unsafe(file, `${name} is encrypted`);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const end = fileDataStart + entry.compressedSize;
  if (end > archive.byteLength) throw unsafe(file, `${name} does not fit into the archive`);
  const raw = archive.subarray(fileDataStart, end);
  if (entry.compressionMethod === stored) {
    if (entry.uncompressedSize !== entry.compressedSize) throw unsafe(file, `${name} has two sizes`);
    return raw;
  }
  if (entry.compressionMethod !== deflated)
    throw unsafe(file, `${name} is compressed by method ${entry.compressionMethod}`);
  const data = await inflate(raw, { maxOutputLength: Math.max(1, entry.uncompressedSize) });
  if (data.byteLength !== entry.uncompressedSize) throw unsafe(file, `${name} unfolds to another size than announced`);
  if (crc32(data) !== entry.crc32) throw unsafe(file, `${name} is damaged: its checksum differs`);
  return data;
}
