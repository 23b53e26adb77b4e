/** @file A dataset is made once, however many attempts that takes. */
import { access, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@tandem/errors";
import { fileError, systemCode } from "@tandem/formats";
import { keepState, readState } from "./work-state.js";

const [PATIENCE_MS, LOOK_EVERY_MS] = [20_000, 100];

/**
 * Calls `make`, unless an earlier attempt of the job has done it.
 * @param work   folder of the job's state
 * @param output what `make` makes: whole or not at all, under this name with `.part` until then
 * @returns what `make` returned, in this attempt or before; undefined when an attempt died after its output had appeared, and before
 *   it could remember that
 * @throws DomainError OUTPUT_EXISTS when somebody else made it; what `make` throws
 */
export async function makeOnce<R>(work: string, output: string, make: () => Promise<R>): Promise<R | undefined> {
  const file = stateFile(work);
  const state = await readState<{ readonly report?: R }>(file);
  if (state?.report) return state.report;
  const isThere = await isMade(output);
  if (state && isThere && !(await isUnfinished(output))) return undefined;
  if (isThere) throw exists(output);
  await keepState(file, {});
  try {
    const report = await withPatience(make);
    await keepState(file, { report });
    return report;
  } catch (error) {
    // Not ours: the next attempt must not take it for its own.
    if (error instanceof DomainError && error.reason === "OUTPUT_EXISTS") await rm(file);
    throw error;
  }
}

/** Whether an attempt of a job began to make its output. */
export const hasBegun = async (work: string): Promise<boolean> => (await readState(stateFile(work))) !== undefined;

const stateFile = (work: string) => join(work, "made.json");

/** The worker of a service that was killed ends a moment after it, and until then holds the output. */
async function withPatience<R>(make: () => Promise<R>): Promise<R> {
  for (const began = performance.now(); ; ) {
    try {
      return await make();
    } catch (error) {
      const isHeld = error instanceof DomainError && error.details.metadata?.process !== undefined;
      if (!isHeld || performance.now() - began > PATIENCE_MS) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** Whether something is there; an empty folder is as good as nothing. */
export async function isMade(output: string): Promise<boolean> {
  try {
    if (!(await stat(output)).isDirectory()) return true;
    return output.toLowerCase().endsWith(".zip") || (await readdir(output)).length > 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw fileError(output, error);
  }
}

/** The error of an output that is there. */
export const exists = (output: string): DomainError =>
  new DomainError("OUTPUT_EXISTS", `spec.output_uri: ${output} exists already: name another, or remove it`, {
    field: "spec.output_uri",
    resource: output,
  });

const isUnfinished = (output: string): Promise<boolean> =>
  access(`${output}.part`).then(
    () => true,
    () => false,
  );
