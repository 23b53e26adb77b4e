/** @file The running stack, as other commands find it: `stack.json` in the state folder. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import { z } from "zod";

const member = z.object({ name: z.string(), pid: z.int().positive().optional(), address: z.string() });

const schema = z.object({
  /** Process that looks after the others; it ends them when it ends. */
  pid: z.int().positive(),
  /** When that process began, as the operating system tells it: another process of the same number is not it. */
  began: z.string(),
  /** When the stack was ready, ISO 8601. */
  started: z.string(),
  /** The gateway; without one (`--only`) commands find no stack here. */
  gateway: member.optional(),
  servers: z.array(member),
});

/** A process or an external server of the stack. */
export type StackMember = z.infer<typeof member>;
/** Content of the state file. */
export type StackState = z.infer<typeof schema>;

/** Where the state lies. */
export const stackFile = (home: string): string => join(home, "stack.json");

/**
 * The stack that runs now, if any. A file left behind by one that is gone is removed.
 * @throws DomainError JOB_STATE when the file is not readable as a stack's state
 */
export async function runningStack(home: string): Promise<StackState | undefined> {
  const file = stackFile(home);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const state = parse(text, file);
  if (processBegan(state.pid) === state.began) return state;
  await rm(file, { force: true });
  return undefined;
}

/** Makes the stack known, at once or not at all. */
export async function writeStack(home: string, state: StackState): Promise<void> {
  await makeFolder(home);
  const temporary = `${stackFile(home)}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`);
  await rename(temporary, stackFile(home));
}

/** Forgets the stack. */
export const forgetStack = (home: string): Promise<void> => rm(stackFile(home), { force: true });

/** When a process began, in the operating system's words; undefined when there is none of that number. */
export function processBegan(pid: number): string | undefined {
  return process.platform === "linux" ? beganByProc(pid) : beganByPs(pid);
}

/** Field 22 of /proc/PID/stat: clock ticks since boot. Field 2, the name, may hold anything but ends with the last ')'. */
function beganByProc(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function beganByPs(pid: number): string | undefined {
  const { status, stdout, error } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  if (error) throw error;
  return status === 0 ? stdout.trim() : undefined;
}

function parse(text: string, file: string): StackState {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DomainError("JOB_STATE", `${file} is damaged; delete it after stopping the stack's processes`, { cause });
  }
}
