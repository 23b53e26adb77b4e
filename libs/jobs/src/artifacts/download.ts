/** @file Downloads: from any offset, with the digest of the whole file at the end. */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import type { DownloadArtifactRequest, DownloadArtifactResponse } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { systemCode } from "@tandem/formats";
import { type Artifacts, gone } from "./artifacts.js";

const CHUNK = 512 * 2 ** 10;

/**
 * A file's artifact, its bytes from the offset on, and the end.
 * @throws DomainError RESOURCE_NOT_FOUND, OFFSET_OUT_OF_RANGE, FIELD_INVALID for a folder; the signal's reason
 */
export async function* download(
  artifacts: Artifacts,
  { name, offset }: DownloadArtifactRequest,
  signal: AbortSignal,
): AsyncGenerator<DownloadArtifactResponse> {
  const record = await artifacts.get(name);
  const { artifact, location } = record;
  const size = await fileSize(location).catch((error) => {
    throw systemCode(error) === "ENOENT" ? gone(artifact) : error;
  });
  if (size === undefined) throw invalid("name", name, "a file; this artifact is a folder: list its files");
  if (offset > BigInt(size))
    throw new DomainError("OFFSET_OUT_OF_RANGE", `offset is ${offset}; ${name} has ${size} bytes`, {
      field: "offset",
      metadata: { last: size },
    });
  yield { message: { $case: "artifact", value: { ...artifact, sizeBytes: BigInt(size) } } };
  const whole = offset === 0n ? createHash("sha256") : undefined;
  const file = await open(location, "r");
  let at = Number(offset);
  try {
    while (at < size) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(CHUNK, size - at)), { position: at });
      if (bytesRead === 0) throw new DomainError("WORKER_LOST", `${name} became shorter while it was read`);
      const chunk = buffer.subarray(0, bytesRead);
      whole?.update(chunk);
      at += bytesRead;
      yield { message: { $case: "chunk", value: chunk } };
    }
  } finally {
    await file.close();
  }
  const sha256 = whole?.digest("hex") ?? (await artifacts.digest(record));
  yield { message: { $case: "done", value: { sizeBytes: BigInt(at) - offset, sha256 } } };
}

/** Bytes of a file; undefined for a folder. */
async function fileSize(path: string): Promise<number | undefined> {
  const facts = await stat(path);
  return facts.isDirectory() ? undefined : facts.size;
}
