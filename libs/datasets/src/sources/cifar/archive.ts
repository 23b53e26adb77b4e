/** @file Files of a tar archive, perhaps gzipped, in memory. Nothing is written to a disk, so names can lead nowhere. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { extract } from "tar-stream";
import { invalidDataset } from "../../invalid-dataset.js";
import { MAX_UNPACKED } from "../unpack.js";
import type { CifarFiles } from "./cifar-source.js";

/** More files than this are another kind of archive. */
const MAX_FILES = 100;

/** @throws DomainError DATASET_INVALID: damaged, too large, or of very many files; RESOURCE_NOT_FOUND */
export async function openTar(path: string, isPacked: boolean): Promise<CifarFiles> {
  const files = new Map<string, Buffer>();
  const tar = extract();
  const file = createReadStream(path);
  const piped = isPacked ? pipeline(file, createGunzip(), tar) : pipeline(file, tar);
  piped.catch(() => {}); // reading the archive fails with the same
  try {
    let room = MAX_UNPACKED;
    for await (const entry of tar) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        room -= chunk.length;
        if (room < 0) throw invalidDataset(path, `unpacks to more than ${MAX_UNPACKED} bytes`);
        chunks.push(chunk);
      }
      if (entry.header.type === "file") files.set(basename(entry.header.name), Buffer.concat(chunks));
      if (files.size > MAX_FILES) throw tooMany(path);
    }
    await piped;
  } catch (error) {
    const known = fileError(path, error);
    if (known instanceof DomainError) throw known;
    throw invalidDataset(path, `is damaged or cut off (${(error as Error).message})`, error);
  }
  return { path, names: [...files.keys()], read: async (name) => files.get(name)! };
}

const tooMany = (path: string) =>
  invalidDataset(
    path,
    `holds more than ${MAX_FILES} files; of tar archives, those of CIFAR are read: unpack it to a folder`,
  );
