/** @file https: URIs, read only; http: to loopback where that is allowed. */
import { DomainError } from "@tandem/errors";
import type { NetworkPolicy } from "../https/address.js";
import { DownloadCache } from "../https/cache.js";
import { sendRequest } from "../https/request.js";
import { resumable } from "../https/resumable.js";
import type { RetryPolicy } from "../https/retry.js";
import type { Roots } from "../roots.js";
import type { ByteRange, FileFacts, LocalOptions, Store } from "../store.js";
import { schemeOf, showUri } from "../uri.js";
import { beyond } from "./file.js";

/** Files on web servers. */
export class HttpsStore implements Store {
  private readonly cache: DownloadCache;

  constructor(
    private readonly roots: Roots,
    cacheFolder: string,
    private readonly policy: NetworkPolicy,
    private readonly retry: RetryPolicy,
  ) {
    this.cache = new DownloadCache(cacheFolder, policy, retry);
  }

  async stat(url: URL, signal?: AbortSignal): Promise<FileFacts> {
    this.roots.check(url);
    const { policy } = this;
    const response = await sendRequest(url, { method: "HEAD", headers: {}, policy, signal });
    response.destroy();
    const length = response.headers["content-length"];
    if (length === undefined) throw new DomainError("NOT_SUPPORTED", `${showUri(url)}: the server tells no size`);
    return { sizeBytes: Number(length), version: response.headers.etag ?? response.headers["last-modified"] };
  }

  async *stream(url: URL, range: ByteRange = { offset: 0 }, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    this.roots.check(url);
    const { policy, retry } = this;
    const end = range.length === undefined ? undefined : range.offset + range.length;
    if (end !== undefined && end <= range.offset) return;
    let next = range.offset;
    let total: number | undefined;
    for await (const piece of resumable({ url, offset: next, end, policy, retry, signal })) {
      total = piece.total;
      const pieceEnd = piece.at + piece.chunk.byteLength;
      if (piece.at > next) throw new DomainError("NOT_SUPPORTED", `${showUri(url)}: the server leaves bytes out`);
      // A server that knows no ranges sends everything: what was not asked for is passed over.
      const wanted = piece.chunk.subarray(Math.max(0, next - piece.at), Math.max(0, (end ?? pieceEnd) - piece.at));
      if (wanted.byteLength > 0) yield wanted;
      next = Math.max(next, Math.min(pieceEnd, end ?? pieceEnd));
      if (end !== undefined && next >= end) return;
    }
    if (next === range.offset && range.offset > 0) {
      const sizeBytes = total ?? (await this.stat(url, signal)).sizeBytes;
      if (range.offset > sizeBytes) throw beyond(url, range.offset, sizeBytes);
    }
  }

  write(url: URL): Promise<FileFacts> {
    return Promise.reject(this.readOnly(url, "cannot be written; write to a file and upload it"));
  }

  list(url: URL): Promise<URL[]> {
    return Promise.reject(this.readOnly(url, "cannot be listed; name the files themselves"));
  }

  async localPath(url: URL, options: LocalOptions): Promise<string> {
    this.roots.check(url);
    return this.cache.get(url, options);
  }

  async localFolder(url: URL): Promise<string> {
    throw this.readOnly(url, "name no folders of this machine");
  }

  async localTarget(url: URL): Promise<string> {
    throw this.readOnly(url, "name nothing on this machine");
  }

  private readOnly(url: URL, why: string): DomainError {
    return new DomainError("NOT_SUPPORTED", `${showUri(url)}: ${schemeOf(url)} URIs ${why}`, {
      resource: showUri(url),
    });
  }
}
