/** @file Where images lie and how they are written: whole or not at all. */
import { access, constants } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError, makeFolder, replaceFile } from "@tandem/formats";
import { outputError } from "../output/output-error.js";
import type { GenerateOptions } from "./options.js";

const SEEDS_PER_FOLDER = 1000;
const endings: Record<GenerateOptions["format"], string> = { png: "png", npy: "npy", latents: "npy" };

/** Path of a seed's image: six digits, with `subdirs` in a folder of its thousand. */
export function imagePath(
  outdir: string,
  seed: number,
  { subdirs, format }: Pick<GenerateOptions, "subdirs" | "format">,
): string {
  const sixDigits = (value: number) => String(value).padStart(6, "0");
  const name = `${sixDigits(seed)}.${endings[format]}`;
  return subdirs ? join(outdir, sixDigits(seed - (seed % SEEDS_PER_FOLDER)), name) : join(outdir, name);
}

/**
 * Writes a file under its name at once or not at all; makes its folder.
 * @param option  the option that named it, for the error
 * @throws DomainError naming the path and the reason
 */
export async function writeOutput(option: string, path: string, data: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await replaceFile(path, async (file) => {
      await file.writeFile(data);
    });
  } catch (error) {
    throw outputError(option, fileError(path, error));
  }
}

/**
 * Makes an output folder, and sees that files can be made in it.
 * @throws DomainError naming the option, the folder and the reason
 */
export async function prepareFolder(option: string, folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw outputError(option, fileError(folder, error));
  }
}
