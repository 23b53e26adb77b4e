/** @file Compressed files in memory, up to a limit. */
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { fileError } from "@tandem/formats";
import { invalidDataset } from "../invalid-dataset.js";

/** No data set of this kind is larger unpacked. */
export const MAX_UNPACKED = 2 ** 31 - 1;

const unzip = promisify(gunzip);

/** Whether bytes begin as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** A file's bytes; those of a gzip file unpacked. @throws DomainError DATASET_INVALID (damaged, too large), RESOURCE_NOT_FOUND */
export async function readUnpacked(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > MAX_UNPACKED) throw invalidDataset(path, `has ${size} bytes; at most ${MAX_UNPACKED} are read`);
    bytes = await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
  if (!isGzip(bytes)) return bytes;
  return unzip(bytes, { maxOutputLength: MAX_UNPACKED }).catch((error: Error) => {
    throw invalidDataset(path, `cannot be unpacked (${error.message}): it is damaged, or far too large`, error);
  });
}
