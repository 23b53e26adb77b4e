/** @file What lies where in the folder of measurements. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileError, systemCode } from "@tandem/formats";

/** Folder of values. */
export const RECORDS = "records";
/** Folder of what was begun: a folder a record, named by what decides it, so that an equal request goes on with it. */
export const UNFINISHED = "unfinished";

/** What nobody went on with for so long is removed, milliseconds: 30 days. */
const KEEP_MS = 30 * 86_400_000;

/** Removes what was begun and left. */
export async function removeOld(measurements: string): Promise<void> {
  const folder = join(measurements, UNFINISHED);
  try {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (Date.now() - (await stat(path)).mtimeMs > KEEP_MS) await rm(path, { recursive: true, force: true });
    }
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fileError(folder, error); // nothing was begun yet, or another process was faster
  }
}
