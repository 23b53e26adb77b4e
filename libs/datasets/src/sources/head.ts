/** @file The first bytes of a file, unpacked: they tell what it is. */
import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { fileError } from "@tandem/formats";
import { invalidDataset } from "../invalid-dataset.js";
import { isGzip } from "./unpack.js";

const HEAD_BYTES = 2 ** 16;
/** Zeros that have been packed a thousandfold are no picture. */
const MAX_UNPACKED_HEAD = 2 ** 27;

/** Up to 64 KiB. @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED (a folder, permissions) */
export async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/** What a gzip file's first bytes unpack to; other bytes as they are. @throws DomainError DATASET_INVALID for a damaged one */
export function unpackHead(path: string, head: Buffer): Buffer {
  if (!isGzip(head)) return head;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_UNPACKED_HEAD });
  } catch (error) {
    throw invalidDataset(path, `begins as gzip, but cannot be unpacked (${(error as Error).message})`, error);
  }
}
