/** @file Bytes over HTTP that survive cut connections: asked for again from where they ended. */
import type { IncomingMessage } from "node:http";
import { DomainError } from "@tandem/errors";
import { showUri } from "../uri.js";
import type { NetworkPolicy } from "./address.js";
import { connectionError, sendRequest } from "./request.js";
import { isTransient, pauseAfter, type RetryPolicy } from "./retry.js";

/** Where to begin, and how. */
export interface Transfer {
  readonly url: URL;
  /** First byte wanted. */
  readonly offset: number;
  /** Byte after the last one wanted; absent means the end. */
  readonly end?: number;
  /** ETag or date of the content that the bytes before `offset` came from. */
  readonly validator?: string;
  readonly policy: NetworkPolicy;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal;
}

/** Some bytes and their place. A server that cannot resume begins again: then `at` is 0 once more. */
export interface Piece {
  readonly at: number;
  readonly chunk: Uint8Array;
  /** Size of the whole content, where the server says. */
  readonly total?: number;
  /** ETag or date by which this content can be continued later. */
  readonly validator?: string;
}

/**
 * The bytes of a URI, retried and resumed.
 * @throws DomainError as `sendRequest`; SERVER_UNAVAILABLE once the attempts are used up
 */
export async function* resumable(transfer: Transfer): AsyncGenerator<Piece> {
  const { url, end, policy, retry, signal } = transfer;
  let { offset: at, validator } = transfer;
  let furthest = at;
  for (let failures = 0; ; ) {
    try {
      const headers = rangeHeaders(at, end, validator);
      const response = await sendRequest(url, { method: "GET", headers, policy, signal });
      const content = contentOf(url, response, at);
      if ("behind" in content) {
        response.destroy();
        if (content.behind === at || validator === undefined) return; // all of it has come, or nothing lies there
        at = 0; // what we hold is longer than what the server has
        validator = undefined;
        continue;
      }
      at = content.start;
      validator = content.validator;
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        if (at + chunk.byteLength > furthest) failures = 0; // a server that begins again and again makes no progress
        furthest = Math.max(furthest, at + chunk.byteLength);
        yield { at, chunk, total: content.total, validator };
        at += chunk.byteLength;
      }
      if (content.end === undefined || at >= content.end) return;
      throw new DomainError(
        "SERVER_UNAVAILABLE",
        `${showUri(url)}: the connection was cut at byte ${at} of ${content.end}`,
      );
    } catch (error) {
      const failure = connectionError(url, error, signal);
      if (!isTransient(failure) || ++failures >= retry.attempts) throw failure;
      await pauseAfter(failures, retry, signal);
    }
  }
}

function rangeHeaders(at: number, end: number | undefined, validator: string | undefined): Record<string, string> {
  if (at === 0 && end === undefined) return {};
  const range = `bytes=${at}-${end === undefined ? "" : end - 1}`;
  return validator === undefined ? { range } : { range, "if-range": validator };
}

interface Content {
  start: number;
  end?: number;
  total?: number;
  validator?: string;
}

function contentOf(url: URL, response: IncomingMessage, asked: number): Content | { behind: number | undefined } {
  const { headers, statusCode } = response;
  if (statusCode === 416) return { behind: sizeOf(/^bytes \*\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1]) };
  // A weak ETag promises no equal bytes, so it cannot continue a transfer.
  const etag = headers.etag?.startsWith('"') ? headers.etag : undefined;
  const validator = etag ?? headers["last-modified"];
  if (statusCode === 200) {
    const length = sizeOf(headers["content-length"]);
    return { start: 0, end: length, total: length, validator };
  }
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (Number(first) !== asked) {
    response.destroy();
    throw new DomainError("NOT_SUPPORTED", `${showUri(url)}: the server sends another part than the one asked for`);
  }
  return { start: asked, end: Number(last) + 1, total: size === "*" ? undefined : sizeOf(size), validator };
}

function sizeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
