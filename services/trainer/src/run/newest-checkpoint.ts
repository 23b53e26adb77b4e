/** @file The state that a run goes on from: its newest whole checkpoint. */
import { basename } from "node:path";
import { type Checkpoint, isDamage, readCheckpoint } from "./checkpoint.js";
import type { RunFolder } from "./run-folder.js";
import type { RunReporter } from "./run-reporter.js";

/**
 * Reads the newest checkpoint that is whole. Damaged ones are reported and set aside.
 * @returns undefined when there is none
 */
export async function newestCheckpoint(
  folder: RunFolder,
  reporter: Pick<RunReporter, "log">,
): Promise<Checkpoint | undefined> {
  for (const path of await folder.checkpoints()) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      if (!isDamage(error)) throw error;
      reporter.log(
        "warning",
        `${error.message}; it is set aside as ${basename(path)}.damaged, and the one before it used`,
      );
      await folder.setAside(path);
    }
  }
  return undefined;
}
