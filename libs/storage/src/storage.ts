/** @file Files by URI: one object for all schemes. */
import { resolve } from "node:path";
import { DomainError } from "@tandem/errors";
import type { NetworkPolicy } from "./https/address.js";
import { defaultRetry, type RetryPolicy } from "./https/retry.js";
import { Roots } from "./roots.js";
import { schemes } from "./schemes/index.js";
import type { ByteRange, ByteSource, FileFacts, FolderOptions, LocalOptions, Store, TargetOptions } from "./store.js";
import { isFolder, parseUri, refused, schemeOf, showUri } from "./uri.js";

/** Settings; all have defaults that fit a command run by a person. */
export interface StorageOptions {
  /**
   * What may be touched: folders (paths or file: URIs) and prefixes of https: URIs, each with everything below it.
   * Absent means everything that the operating system permits; an empty list nothing.
   */
  readonly roots?: readonly string[];
  /** Folder for copies of remote files; by default `cache/downloads` in TANDEM_HOME, or in `.tandem` where we run. */
  readonly cacheFolder?: string;
  /** Addresses that remote files may come from; public ones over https by default. */
  readonly network?: NetworkPolicy;
  /** How often a cut or refused transfer is tried again. */
  readonly retry?: RetryPolicy;
}

/** Reads, writes and lists files by URI or path. Errors are those of `Store`. */
export class Storage {
  private readonly stores: ReadonlyMap<string, Store>;

  constructor(options: StorageOptions = {}) {
    const settings = {
      roots: new Roots(options.roots),
      cacheFolder: resolve(options.cacheFolder ?? `${process.env.TANDEM_HOME || ".tandem"}/cache/downloads`),
      network: options.network ?? {},
      retry: options.retry ?? defaultRetry,
    };
    this.stores = new Map(Object.entries(schemes).map(([name, create]) => [name, create(settings)]));
  }

  /** Size and version of a file. */
  async stat(uri: string, signal?: AbortSignal): Promise<FileFacts> {
    const { store, url } = this.find(uri);
    return store.stat(url, signal);
  }

  /** Bytes of a file, or of a part of it, as they come. */
  async *stream(uri: string, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { store, url } = this.find(uri);
    yield* store.stream(url, checkRange(range), signal);
  }

  /**
   * Bytes of a file, or of a part of it, in memory.
   * @param maxBytes more are an error; 1 GiB by default
   * @throws DomainError LIMIT_EXCEEDED
   */
  async read(uri: string, range?: ByteRange, signal?: AbortSignal, maxBytes = 2 ** 30): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.stream(uri, range, signal)) {
      length += chunk.byteLength;
      if (length > maxBytes) throw tooMuch(uri, maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, length);
  }

  /** Creates or replaces a file, atomically. */
  async write(uri: string, source: Uint8Array | ByteSource, signal?: AbortSignal): Promise<FileFacts> {
    const { store, url } = this.find(uri);
    return store.write(url, source instanceof Uint8Array ? [source] : source, signal);
  }

  /** URIs directly under a folder, sorted; folders end in "/". A path or URI without its last "/" is taken as a folder. */
  async list(folder: string, signal?: AbortSignal): Promise<string[]> {
    const { store, url } = this.find(folder);
    if (!isFolder(url)) url.pathname += "/";
    return (await store.list(url, signal)).map((uri) => uri.href);
  }

  /**
   * Path of a local file with the content of a URI. A remote file is downloaded into the cache: resumed when cut, shared by
   * all who ask, and kept; a kept copy is used without asking the server again.
   * @throws DomainError CHECKSUM_MISMATCH, RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, SERVER_UNAVAILABLE, LIMIT_EXCEEDED
   */
  async localPath(uri: string, options: LocalOptions = {}): Promise<string> {
    const { store, url } = this.find(uri);
    if (isFolder(url)) throw refused(showUri(url), "a file is needed, and this names a folder");
    return store.localPath(url, options);
  }

  /**
   * Path of a folder on this machine, with or without a last "/".
   * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED (not permitted, or a file), NOT_SUPPORTED (not on this machine)
   */
  async localFolder(uri: string, options: FolderOptions = {}): Promise<string> {
    const { store, url } = this.find(uri);
    return store.localFolder(url, options);
  }

  /**
   * Path on this machine of a file or folder to be made, without a last "/". It need not be there.
   * @throws DomainError URI_NOT_ALLOWED (not permitted, or a link leads to where it is not), NOT_SUPPORTED (not on this machine)
   */
  async localTarget(uri: string, options: TargetOptions = {}): Promise<string> {
    const { store, url } = this.find(uri);
    return store.localTarget(url, options);
  }

  private find(uri: string): { store: Store; url: URL } {
    const url = parseUri(uri);
    const store = this.stores.get(schemeOf(url));
    if (!store) throw refused(showUri(url), `unknown scheme; known are ${[...this.stores.keys()].join(", ")}`);
    return { store, url };
  }
}

function checkRange(range: ByteRange | undefined): ByteRange | undefined {
  for (const [field, value] of Object.entries(range ?? {})) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    throw new DomainError("FIELD_INVALID", `${field} is ${value}; it must be a whole number from 0 on`, { field });
  }
  return range;
}

function tooMuch(uri: string, maxBytes: number): DomainError {
  return new DomainError("LIMIT_EXCEEDED", `${uri}: more than ${maxBytes} bytes; read a part, or stream it`, {
    metadata: { limit: maxBytes },
  });
}
