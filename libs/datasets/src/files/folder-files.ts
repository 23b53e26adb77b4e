/** @file A folder's files, those of its folders included. */
import { open, readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { crc32 } from "node:zlib";
import { fileError } from "@tandem/formats";
import { invalidDataset } from "../invalid-dataset.js";
import type { DatasetFiles } from "./dataset-files.js";
import { sortNames } from "./name-order.js";

/** A folder. Files that begin with "." are not of the dataset. */
export class FolderFiles implements DatasetFiles {
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly sizes: ReadonlyMap<string, number>,
  ) {
    this.names = sortNames([...sizes.keys()]);
  }

  static async open(path: string): Promise<FolderFiles> {
    const sizes = new Map<string, number>();
    try {
      for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name.startsWith(".")) continue;
        const file = join(entry.parentPath, entry.name);
        sizes.set(relative(path, file).split(sep).join("/"), (await stat(file)).size);
      }
    } catch (error) {
      throw fileError(path, error);
    }
    return new FolderFiles(path, sizes);
  }

  size(name: string): number {
    return this.sizes.get(name)!;
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  async crc32(name: string): Promise<number> {
    return crc32(await this.read(name));
  }

  async read(name: string, offset = 0, length = this.size(name) - offset): Promise<Buffer> {
    const path = this.pathOf(name);
    try {
      const file = await open(path, "r");
      try {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
        if (bytesRead === length) return buffer;
        throw invalidDataset(path, "became shorter while it was read");
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(path, error);
    }
  }

  async close(): Promise<void> {}
}
