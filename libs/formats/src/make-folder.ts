/** @file A folder with all folders above it. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { DomainError } from "@tandem/errors";
import { fileError } from "./file-error.js";

/**
 * Makes a folder where there is none. Step by step, since Node's own recursive mkdir never returns below /proc
 * (github.com/nodejs/node/issues/31481 and its kin).
 * @returns its path
 * @throws DomainError naming the folder that cannot be made
 */
export async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return checkFolder(path);
    if (code !== "ENOENT" || (await exists(dirname(path)))) throw cannotMake(path, error);
    await makeFolder(dirname(path));
    return makeFolder(path);
  }
}

async function checkFolder(path: string): Promise<string> {
  if ((await stat(path)).isDirectory()) return path;
  throw new DomainError("URI_NOT_ALLOWED", `${path}: this is a file, not a folder`, { resource: path });
}

async function exists(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw cannotMake(path, error);
  });
  return found !== undefined;
}

/** ENOENT below a folder that is there comes from file systems that take no folders, such as /proc. */
function cannotMake(path: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return fileError(path, error);
  return new DomainError("URI_NOT_ALLOWED", `${path}: no folder can be made there`, { resource: path, cause: error });
}
