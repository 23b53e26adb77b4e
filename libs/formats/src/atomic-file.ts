/** @file A file appears whole or not at all: written under a temporary name, synced, renamed. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DomainError } from "@tandem/errors";
import { fileError, systemCode } from "./file-error.js";

/**
 * Creates or replaces the file `path` by what `write` puts into the file it is given. When anything fails, the old file is as it was
 * and nothing is left behind. After it resolves, a power cut loses nothing.
 * @throws DomainError OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED (permissions, read-only), RESOURCE_NOT_FOUND (no such
 * folder), each naming the file; and whatever `write` throws
 */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    const target = await replaceable(path);
    const folder = dirname(target);
    const temporary = join(folder, `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
    const file = await open(temporary, "wx");
    try {
      try {
        await write(file);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * The file that a name means, links followed. A rename would replace devices, pipes and folders without a word, and links
 * instead of what they lead to.
 */
async function replaceable(path: string): Promise<string> {
  try {
    const target = await realpath(path);
    const isFile = (await stat(target)).isFile();
    if (isFile) return target;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return path;
    throw error;
  }
  throw new DomainError("URI_NOT_ALLOWED", `${path}: this is not a regular file, and is not replaced by one`, {
    resource: path,
  });
}

/** Makes a rename durable. Windows cannot open folders and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
