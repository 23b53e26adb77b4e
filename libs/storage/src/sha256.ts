/** @file SHA-256 of files, computed outside of the event loop when they are large. */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";

/** Files from this size on get a thread of their own, which costs about 30 ms to start. */
const threadFromBytes = 32 * 2 ** 20;
const chunkBytes = 2 ** 20;

/**
 * SHA-256 of a file's content.
 * @returns 64 hexadecimal digits, lower case
 * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED (permissions)
 */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  try {
    const { size } = await stat(path);
    return await (size < threadFromBytes ? hashFile(path, signal) : hashInThread(path, signal));
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Compares a file's content with what it should be; nothing to compare passes.
 * @param expected 64 hexadecimal digits in any case, perhaps after "sha256:"; empty or absent means unchecked
 * @throws DomainError CHECKSUM_MISMATCH, FIELD_INVALID when `expected` is no digest
 */
export async function checkSha256(path: string, name: string, expected?: string, signal?: AbortSignal): Promise<void> {
  if (!expected) return;
  const wanted = expected.toLowerCase().replace(/^sha256:/, "");
  if (!/^[0-9a-f]{64}$/.test(wanted))
    throw new DomainError("FIELD_INVALID", `sha256 is "${expected.slice(0, 80)}"; it must be 64 hexadecimal digits`, {
      field: "sha256",
    });
  const actual = await sha256File(path, signal);
  if (actual === wanted) return;
  throw new DomainError("CHECKSUM_MISMATCH", `${name}: its SHA-256 is ${actual}, expected ${wanted}`, {
    resource: name,
    metadata: { expected: wanted, actual },
  });
}

/** The same in the thread that calls: chunk by chunk. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "r");
  try {
    const chunk = new Uint8Array(chunkBytes);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunkBytes);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function hashInThread(path: string, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./sha256-thread.js", import.meta.url), { workerData: path });
    const abort = () => {
      void worker.terminate();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal?.removeEventListener("abort", abort);
      // After a message or an error this changes nothing.
      reject(new Error(`the thread that hashes ${path} ended early, code ${code}`));
    });
  });
}
