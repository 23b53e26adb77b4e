/** @file A dataset in a folder: a file each. */

import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "@tandem/formats";
import type { EncodedFile, EntryStore, FileFacts } from "./entry-store.js";

/** Files that are written or synced at once. */
const TOGETHER = 16;

export class FolderStore implements EntryStore {
  /** Written since the last `sync`. */
  #fresh: string[] = [];
  readonly #folders = new Set<string>();

  private constructor(
    private readonly part: string,
    private readonly path: string,
  ) {}

  static async open(part: string, path: string): Promise<FolderStore> {
    await mkdir(part, { recursive: true });
    return new FolderStore(part, path);
  }

  async holds({ name, size, crc }: FileFacts): Promise<boolean> {
    const bytes = await readFile(join(this.part, name)).catch(() => undefined);
    if (bytes?.length !== size || crc32(bytes) !== crc) return false;
    this.#fresh.push(name);
    return true;
  }

  trust(): void {}

  async append(files: readonly EncodedFile[]): Promise<void> {
    for (const folder of new Set(files.map(({ name }) => dirname(name)))) {
      if (this.#folders.has(folder)) continue;
      await mkdir(join(this.part, folder), { recursive: true });
      this.#folders.add(folder);
    }
    await inGroups(files, ({ name, bytes }) => writeFile(join(this.part, name), bytes));
    for (const { name } of files) this.#fresh.push(name);
  }

  async sync(): Promise<void> {
    const fresh = this.#fresh;
    this.#fresh = [];
    await inGroups(fresh, async (name) => {
      const file = await open(join(this.part, name), "r");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    });
    for (const folder of new Set(fresh.map((name) => dirname(name)))) await syncFolder(join(this.part, folder));
  }

  async publish(): Promise<void> {
    await this.sync();
    await syncFolder(this.part);
    await rename(this.part, this.path);
    await syncFolder(dirname(this.path));
  }

  async close(): Promise<void> {}
}

async function inGroups<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += TOGETHER)
    await Promise.all(items.slice(start, start + TOGETHER).map(work));
}
