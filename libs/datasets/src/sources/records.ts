/** @file Images of one size behind each other, in memory or in a file. */
import { type FileHandle, open } from "node:fs/promises";
import { fileError } from "@tandem/formats";
import { invalidDataset } from "../invalid-dataset.js";

/** Every image gets a name in memory: more than this is a mistake, or meant to fill it. */
const MAX_IMAGES = 2 ** 24;

/** Where the images lie in the bytes. */
export interface RecordLayout {
  /** Bytes before the first image. */
  readonly start: number;
  /** Bytes of an image. */
  readonly size: number;
  /** Bytes from the beginning of one image to that of the next. */
  readonly stride: number;
  readonly count: number;
}

/** Images by number, as they are stored. */
export interface Records {
  readonly count: number;
  /** The bytes of an image: the caller's own. */
  read(index: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws DomainError DATASET_INVALID when there are fewer bytes than images */
export function memoryRecords(file: string, bytes: Uint8Array, layout: RecordLayout): Records {
  checkLength(file, bytes.byteLength, layout);
  return {
    count: layout.count,
    async read(index) {
      const from = layout.start + index * layout.stride;
      return Uint8Array.from(bytes.subarray(from, from + layout.size));
    },
    async close() {},
  };
}

/** @throws DomainError DATASET_INVALID when the file is shorter than its images; RESOURCE_NOT_FOUND, URI_NOT_ALLOWED */
export async function fileRecords(path: string, layout: RecordLayout): Promise<Records> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    checkLength(path, (await file.stat()).size, layout);
    return openRecords(path, file, layout);
  } catch (error) {
    await file?.close();
    throw fileError(path, error);
  }
}

function openRecords(path: string, file: FileHandle, { start, size, stride, count }: RecordLayout): Records {
  return {
    count,
    async read(index) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(size), 0, size, start + index * stride);
      if (bytesRead === size) return buffer;
      throw invalidDataset(path, "became shorter while it was read");
    },
    close: () => file.close(),
  };
}

function checkLength(file: string, length: number, { start, size, stride, count }: RecordLayout): void {
  if (count > MAX_IMAGES) throw invalidDataset(file, `holds ${count} images; at most ${MAX_IMAGES} are read of arrays`);
  const needed = count === 0 ? start : start + (count - 1) * stride + size;
  if (length < needed)
    throw invalidDataset(file, `is cut off: ${count} images need ${needed} bytes, and it has ${length}`);
}
