/** @file One download to a file, resumed where an earlier one ended. */
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { showUri } from "../uri.js";
import type { NetworkPolicy } from "./address.js";
import { Partial } from "./partial.js";
import { resumable } from "./resumable.js";
import type { RetryPolicy } from "./retry.js";

/** What to fetch, and where to. */
export interface DownloadRequest {
  readonly url: URL;
  /** The file appears here, complete, or not at all. Its folder exists. */
  readonly target: string;
  readonly maxBytes: number;
  readonly policy: NetworkPolicy;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly received: number; readonly total?: number }) => void;
}

/**
 * Fetches a file.
 * @throws DomainError as `sendRequest`; LIMIT_EXCEEDED, OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED (folder not writable)
 */
export async function download(request: DownloadRequest): Promise<void> {
  const { target } = request;
  try {
    const partial = await Partial.claim(target);
    try {
      await receive(request, partial);
      await partial.finish();
    } catch (error) {
      // Bytes that a later attempt can use stay; those that are too many, or fill the disk, go.
      const isUseful =
        request.signal.aborted || (error instanceof DomainError && error.reason === "SERVER_UNAVAILABLE");
      await (isUseful ? partial.release() : partial.discard());
      throw error;
    }
  } catch (error) {
    throw fileError(target, error);
  }
}

async function receive(request: DownloadRequest, partial: Partial): Promise<void> {
  const { url, maxBytes, onProgress } = request;
  const file = await partial.open();
  try {
    const held = await partial.validator();
    let received = held === undefined ? 0 : (await file.stat()).size;
    if (received === 0) await file.truncate(0);
    let validator = held;
    for await (const piece of resumable({ ...request, offset: received, validator: held })) {
      if (piece.at !== received) {
        await file.truncate(piece.at);
        received = piece.at;
      }
      if (piece.validator !== validator) {
        await partial.setValidator(piece.validator);
        validator = piece.validator;
      }
      received += piece.chunk.byteLength;
      const needed = Math.max(received, piece.total ?? 0);
      if (needed > maxBytes) throw tooLarge(url, needed, maxBytes);
      await file.appendFile(piece.chunk);
      onProgress({ received, total: piece.total });
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function tooLarge(url: URL, sizeBytes: number, maxBytes: number): DomainError {
  const message = `${showUri(url)}: ${sizeBytes} bytes are over the limit of ${maxBytes}`;
  return new DomainError("LIMIT_EXCEEDED", message, { resource: showUri(url), metadata: { limit: maxBytes } });
}
