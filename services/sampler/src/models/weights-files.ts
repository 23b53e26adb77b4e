/** @file The weights files that this server may read, and where their copies lie. */
import { join } from "node:path";
import { Storage } from "@tandem/storage";

/** What may be read. */
export interface WeightsPolicy {
  /** Folders, files and prefixes of https: URIs. */
  readonly roots: readonly string[];
  /** Any https: URI of a public address as well. */
  readonly allowHttps: boolean;
  /** State folder: downloads lie below it. */
  readonly home: string;
}

/** Finds weights by URI. */
export class WeightsFiles {
  readonly #within: Storage;
  readonly #anywhere: Storage | undefined;

  constructor({ roots, allowHttps, home }: WeightsPolicy) {
    const cacheFolder = join(home, "cache", "downloads");
    this.#within = new Storage({ roots: [...roots, join(home, "cache")], cacheFolder });
    this.#anywhere = allowHttps ? new Storage({ cacheFolder }) : undefined;
  }

  /**
   * Path of a local file with the weights; remote ones are downloaded once.
   * @throws DomainError URI_NOT_ALLOWED, RESOURCE_NOT_FOUND, SERVER_UNAVAILABLE, LIMIT_EXCEEDED
   */
  localPath(uri: string): Promise<string> {
    const storage = /^https:/i.test(uri) && this.#anywhere ? this.#anywhere : this.#within;
    return storage.localPath(uri);
  }
}
