/** @file What a dataset's samples are, in one digest: the same for a folder and an archive of the same files. */
import { createHash } from "node:crypto";
import { SAMPLE } from "./dataset.js";
import { openFiles } from "./files/dataset-files.js";

/** Files of a folder read together. */
const TOGETHER = 16;

/**
 * SHA-256 over name, size and CRC-32 of every sample, labels aside. An archive's directory tells them; a folder is read through.
 * @returns "sha256:" and 64 hexadecimal digits
 * @throws DomainError RESOURCE_NOT_FOUND, DATASET_INVALID; the signal's reason
 */
export async function datasetDigest(path: string, signal?: AbortSignal): Promise<string> {
  const files = await openFiles(path);
  try {
    const hash = createHash("sha256");
    const names = files.names.filter((name) => SAMPLE.test(name));
    for (let at = 0; at < names.length; at += TOGETHER) {
      signal?.throwIfAborted();
      const part = names.slice(at, at + TOGETHER);
      const sums = await Promise.all(part.map((name) => files.crc32(name)));
      for (const [i, name] of part.entries()) hash.update(`${name}\n${files.size(name)} ${sums[i]}\n`);
    }
    return `sha256:${hash.digest("hex")}`;
  } finally {
    await files.close();
  }
}
