/** @file Uploads: nothing exists before the client said what it sent, and that is what came. */
import { createHash, randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact, UploadArtifactRequest, UploadCommit, UploadHeader } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { replaceFile } from "@tandem/formats";
import type { Artifacts } from "./artifacts.js";
import { artifactKinds, type KindOfArtifact, mediaTypeOf } from "./new-artifact.js";

const MAX_CHUNK = 2 ** 20;

/**
 * Stores what a client sends in a file of `folder`.
 * @param maxBytes larger files are refused
 * @throws DomainError CHECKSUM_MISMATCH, LIMIT_EXCEEDED, PROTOCOL_VIOLATION, OUT_OF_MEMORY (disk full)
 */
export async function upload(
  messages: AsyncIterable<UploadArtifactRequest>,
  artifacts: Artifacts,
  folder: string,
  maxBytes: number,
): Promise<Artifact> {
  const parts = messages[Symbol.asyncIterator]();
  const header = headerOf(await parts.next());
  if (header.sizeBytes > BigInt(maxBytes)) throw tooLarge(maxBytes);
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomBytes(12).toString("hex"));
  let sha256 = "";
  await replaceFile(path, async (file) => {
    sha256 = await receive(parts, file, maxBytes);
  });
  const mediaType = header.mediaType || mediaTypeOf(header.displayName);
  return artifacts.addUpload({ path, kind: kindOf(header.kind), mediaType, sha256 }, header.displayName || "upload");
}

/** Writes the chunks up to the commit. @returns their SHA-256, which is the one that the client announced */
async function receive(
  parts: AsyncIterator<UploadArtifactRequest>,
  file: FileHandle,
  maxBytes: number,
): Promise<string> {
  const digest = createHash("sha256");
  for (let size = 0; ; ) {
    const { value, done } = await parts.next();
    if (done) throw violation("the stream ended without commit: nothing was kept");
    const { message } = value as UploadArtifactRequest;
    if (message?.$case === "commit") return checkCommit(message.value, size, digest.digest("hex"));
    if (message?.$case !== "chunk") throw violation("after header come chunks, then commit");
    if (message.value.byteLength > MAX_CHUNK) throw violation(`a chunk is at most ${MAX_CHUNK} bytes`);
    size += message.value.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    digest.update(message.value);
    await file.writeFile(message.value);
  }
}

function headerOf({ value, done }: IteratorResult<UploadArtifactRequest>): UploadHeader {
  const message = done ? undefined : value.message;
  if (message?.$case === "header") return message.value;
  throw violation("the first message must be the header");
}

function checkCommit({ sizeBytes, sha256 }: UploadCommit, size: number, actual: string): string {
  if (!/^[0-9a-f]{64}$/i.test(sha256)) throw invalid("commit.sha256", sha256, "64 hexadecimal digits");
  if (sizeBytes !== BigInt(size) || sha256.toLowerCase() !== actual)
    throw new DomainError(
      "CHECKSUM_MISMATCH",
      `${size} bytes of SHA-256 ${actual} came; commit says ${sizeBytes} bytes of ${sha256}`,
      { metadata: { expected: sha256, actual } },
    );
  return actual;
}

function kindOf(kind: number): KindOfArtifact {
  const found = Object.entries(artifactKinds).find(([, value]) => value === kind);
  if (!found) throw invalid("header.kind", kind, `one of ${Object.keys(artifactKinds).join(", ")}`);
  return found[0] as KindOfArtifact;
}

const violation = (message: string) => new DomainError("PROTOCOL_VIOLATION", message);

const tooLarge = (maxBytes: number) =>
  new DomainError("LIMIT_EXCEEDED", `uploads are limited to ${maxBytes} bytes; put larger files on shared storage`, {
    metadata: { max: maxBytes },
  });
