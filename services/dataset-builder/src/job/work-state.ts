/** @file What a job remembers between attempts: one JSON file, whole or absent. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError, replaceFile, systemCode } from "@tandem/formats";

/** @returns undefined for a first attempt @throws DomainError naming a file that cannot be read */
export async function readState<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError(file, error);
  }
}

/** @throws DomainError OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED */
export async function keepState(file: string, state: unknown): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, (handle) => handle.writeFile(JSON.stringify(state)));
  } catch (error) {
    throw fileError(file, error);
  }
}
