/** @file The weights files that this server may read, and where their copies lie. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { weightsFileOf } from "@tandem/networks";
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
   * Path of a local file with the weights; remote ones are downloaded once. Of a folder, as autoencoders come, its weights file.
   * @throws DomainError URI_NOT_ALLOWED, RESOURCE_NOT_FOUND, SERVER_UNAVAILABLE, LIMIT_EXCEEDED
   */
  async localPath(uri: string): Promise<string> {
    const storage = /^https:/i.test(uri) && this.#anywhere ? this.#anywhere : this.#within;
    return (await isFolder(uri)) ? weightsFileOf(await storage.localFolder(uri)) : storage.localPath(uri);
  }
}

/** Whether a URI names a folder of this machine. What cannot be looked at is none: the storage says why. */
const isFolder = async (uri: string): Promise<boolean> =>
  /^file:/i.test(uri) &&
  stat(fileURLToPath(uri)).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
