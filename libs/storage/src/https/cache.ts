/** @file Downloads that stay: each URI is fetched once, whoever asks and however often. */
import { createHash } from "node:crypto";
import { mkdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DomainError } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import { checkSha256 } from "../sha256.js";
import type { LocalOptions } from "../store.js";
import { showUri } from "../uri.js";
import type { NetworkPolicy } from "./address.js";
import { download } from "./download.js";
import type { RetryPolicy } from "./retry.js";

const defaultMaxBytes = 64 * 2 ** 30;

/** A folder of downloaded files. What is there is used as it is; to fetch a file again, remove it. */
export class DownloadCache {
  private readonly running = new Map<string, SharedDownload>();

  constructor(
    private readonly folder: string,
    private readonly policy: NetworkPolicy,
    private readonly retry: RetryPolicy,
  ) {}

  /** Path of the content of a URI; those who ask at the same time share one download, which ends when all have gone. */
  async get(url: URL, options: LocalOptions): Promise<string> {
    options.signal?.throwIfAborted();
    const target = join(this.folder, nameOf(url));
    if ((await exists(target)) && (await this.isIntact(url, target, options))) return target;
    // A download that everybody has left is still putting its bytes aside: the next one continues from them.
    while (this.running.get(target)?.isLeft) await this.running.get(target)?.settled;
    const running = this.running.get(target) ?? this.start(url, target, options.maxBytes ?? defaultMaxBytes);
    await running.join(options);
    await this.verify(url, target, options);
    return target;
  }

  /** A kept copy that is not what is expected now was damaged, or belongs to an older version: it goes. */
  private async isIntact(url: URL, target: string, options: LocalOptions): Promise<boolean> {
    try {
      await this.verify(url, target, options);
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.reason === "CHECKSUM_MISMATCH") return false;
      throw error;
    }
  }

  private async verify(url: URL, target: string, { sha256, signal }: LocalOptions): Promise<void> {
    try {
      await checkSha256(target, showUri(url), sha256, signal);
    } catch (error) {
      if (error instanceof DomainError && error.reason === "CHECKSUM_MISMATCH") await rm(target, { force: true });
      throw error;
    }
  }

  private start(url: URL, target: string, maxBytes: number): SharedDownload {
    const { policy, retry } = this;
    const shared = new SharedDownload(async (signal, onProgress) => {
      try {
        await mkdir(this.folder, { recursive: true }).catch((error) => {
          throw fileError(this.folder, error);
        });
        await download({ url, target, maxBytes, policy, retry, signal, onProgress });
      } finally {
        this.running.delete(target);
      }
    });
    this.running.set(target, shared);
    return shared;
  }
}

type Listener = NonNullable<LocalOptions["onProgress"]>;

/** A download with several people waiting for it. */
class SharedDownload {
  private readonly abort = new AbortController();
  private readonly listeners = new Set<Listener>();
  private readonly done: Promise<void>;
  /** Resolves when it has ended, well or not. */
  readonly settled: Promise<void>;
  private waiting = 0;

  constructor(run: (signal: AbortSignal, onProgress: Listener) => Promise<void>) {
    this.done = run(this.abort.signal, (progress) => {
      for (const listener of this.listeners) listener(progress);
    });
    // Whoever waits gets the error; when all have gone, nobody does.
    this.settled = this.done.catch(() => {});
  }

  /** Nobody waits any more, and it is coming to its end. */
  get isLeft(): boolean {
    return this.abort.signal.aborted;
  }

  async join({ signal, onProgress }: LocalOptions): Promise<void> {
    this.waiting++;
    if (onProgress) this.listeners.add(onProgress);
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      await Promise.race([this.done, left]);
    } finally {
      signal?.removeEventListener("abort", leave);
      if (onProgress) this.listeners.delete(onProgress);
      if (--this.waiting === 0) this.abort.abort(signal?.reason);
    }
  }
}

/** Name in the cache: the digest of the URI, and its last part for people. */
function nameOf(url: URL): string {
  const digest = createHash("sha256").update(url.href).digest("hex").slice(0, 32);
  const name = basename(url.pathname)
    .replace(/[^\w.-]/g, "_")
    .slice(-80);
  return `${digest}-${name || "index"}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw fileError(path, error);
  }
}
