/** @file training-options.json: what the run in a folder is, for whoever wants to continue it. */
import { readFile } from "node:fs/promises";
import { TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError, openSafetensors, replaceFile, systemCode } from "@tandem/formats";
import { isDamage } from "./checkpoint.js";
import type { RunFolder } from "./run-folder.js";

/** Writes the resolved spec of a run, atomically. */
export async function writeRunOptions(folder: RunFolder, spec: TrainingSpec): Promise<void> {
  const text = `${JSON.stringify(TrainingSpec.toJSON(spec), null, 2)}\n`;
  await replaceFile(folder.options, (file) => file.writeFile(text));
}

/**
 * The spec of the run in a folder: its options file, or else its newest checkpoint.
 * @returns undefined for a folder that is missing or holds no run
 * @throws DomainError OUTPUT_EXISTS when it holds a run that is not ours to continue
 */
export async function readRunOptions(folder: RunFolder): Promise<TrainingSpec | undefined> {
  const text = await readFile(folder.options, "utf8").catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw fileError(folder.options, error);
  });
  if (text !== undefined) return parse(text, folder);
  for (const path of await folder.checkpoints()) {
    const spec = await specOf(path);
    if (spec !== undefined) return parse(spec, folder);
  }
  const files = await folder.runFiles();
  if (files.length === 0) return undefined;
  throw new DomainError(
    "OUTPUT_EXISTS",
    `${folder.path} holds files of another run (${files.slice(0, 3).join(", ")}); choose another output folder`,
    { resource: folder.path },
  );
}

async function specOf(checkpoint: string): Promise<string | undefined> {
  try {
    await using file = await openSafetensors(checkpoint);
    return file.metadata.spec;
  } catch (error) {
    if (isDamage(error)) return undefined; // an older one may be whole
    throw error;
  }
}

function parse(text: string, folder: RunFolder): TrainingSpec {
  try {
    return TrainingSpec.fromJSON(JSON.parse(text));
  } catch (cause) {
    throw new DomainError(
      "OUTPUT_EXISTS",
      `${folder.path}: what its run was cannot be read from ${folder.options}; choose another output folder`,
      { resource: folder.path, cause },
    );
  }
}
