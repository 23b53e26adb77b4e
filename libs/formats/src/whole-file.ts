/** @file A file in memory, in one buffer that worker threads can share. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileError, unsafe } from "./file-error.js";

/** Largest file that is taken into memory unless the caller says otherwise: 16 GiB. */
export const defaultMaxBytes = 16 * 2 ** 30;

/** Bytes of one read call: large enough for the disk (1 to 32 MiB cost the same), small enough to notice a cancellation soon. */
const chunkBytes = 8 * 2 ** 20;

export interface ReadOptions {
  /** Larger files are refused before anything is read. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/**
 * All bytes of a regular file in a SharedArrayBuffer.
 * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED (permissions), UNSAFE_FILE (not a regular file, too large)
 */
export async function readWholeFile(path: string, options: ReadOptions = {}): Promise<Uint8Array> {
  return withFile(path, async (file) => {
    const size = await regularSize(path, file, options.maxBytes);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    await readInto(path, file, bytes, 0, options.signal);
    return bytes;
  });
}

/** The first bytes of a regular file, 64 at most: enough to tell what it is before gigabytes are read. */
export async function readStart(path: string): Promise<Uint8Array> {
  return withFile(path, async (file) => {
    const start = new Uint8Array(Math.min(64, await regularSize(path, file, Number.MAX_SAFE_INTEGER)));
    await readInto(path, file, start, 0);
    return start;
  });
}

/** Opens a file for reading, runs `use`, closes it; system errors become DomainErrors that name the file. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openFile(path);
  try {
    return await use(file);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file.close();
  }
}

export async function openFile(path: string): Promise<FileHandle> {
  try {
    // Not blocking: opening a pipe that nobody writes to would otherwise wait for ever.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Size of a regular file in bytes; devices and pipes have none and are refused. */
export async function regularSize(path: string, file: FileHandle, maxBytes = defaultMaxBytes): Promise<number> {
  const facts = await file.stat();
  if (!facts.isFile()) throw unsafe(path, "this is not a regular file");
  if (facts.size > maxBytes) throw unsafe(path, `${facts.size} bytes are over the limit of ${maxBytes}`);
  return facts.size;
}

/** Fills `bytes` from `offset` on. */
export async function readInto(
  path: string,
  file: FileHandle,
  bytes: Uint8Array,
  offset: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    signal?.throwIfAborted();
    const length = Math.min(chunkBytes, bytes.byteLength - done);
    const { bytesRead } = await file.read(bytes, done, length, offset + done);
    if (bytesRead === 0)
      throw unsafe(path, `ends at byte ${offset + done}, ${bytes.byteLength - done} bytes too early`);
    done += bytesRead;
  }
}
