/** @file One process at a time writes a dataset: a file beside it names the process, and when that began, since numbers come again. */
import { readFileSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { DomainError } from "@tandem/errors";
import { systemCode } from "@tandem/formats";

/** A lock that is held. */
export interface Lock {
  /** Twice is nothing. */
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly began: string | undefined;
  readonly host: string;
}

/** Of this process: the operating system does not tell two holders in it apart. */
const held = new Set<string>();

/**
 * Takes a lock, also one whose process is gone. That of another machine counts as gone: nothing here can ask it.
 * @throws DomainError OUTPUT_EXISTS when it is held
 */
export async function lock(path: string): Promise<Lock> {
  const own: Holder = { pid: process.pid, began: processBegan(process.pid), host: hostname() };
  if (held.has(path)) throw inUse(path, own);
  held.add(path);
  try {
    const holder = await create(path, own);
    if (holder) {
      if (holder.pid !== own.pid && isAlive(holder, own.host)) throw inUse(path, holder);
      await rm(path, { force: true });
      if (await create(path, own)) throw inUse(path, holder);
    }
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return {
    release: async () => {
      if (held.delete(path)) await rm(path, { force: true });
    },
  };
}

/** Creates the file, or tells who did. */
async function create(path: string, own: Holder): Promise<Holder | undefined> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(JSON.stringify(own));
    } finally {
      await file.close();
    }
    return undefined;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return parse(await readFile(path, "utf8"));
  }
}

/** A file that a crash left half written names nobody. */
function parse(text: string): Holder {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return { pid: 0, began: undefined, host: "" };
  }
}

const isAlive = ({ pid, began, host }: Holder, here: string): boolean =>
  host === here && pid > 0 && processBegan(pid) !== undefined && processBegan(pid) === began;

/** Field 22 of /proc/PID/stat, clock ticks since boot; elsewhere only whether there is such a process. */
function processBegan(pid: number): string | undefined {
  try {
    if (process.platform === "linux")
      return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
    process.kill(pid, 0);
    return "running";
  } catch (error) {
    if (systemCode(error) === "EPERM") return "running";
    return undefined;
  }
}

function inUse(path: string, { pid }: Holder): DomainError {
  const target = path.replace(/\.part\.lock$/, "");
  return new DomainError(
    "OUTPUT_EXISTS",
    `${target} is being written by process ${pid}; wait for it, or choose another name`,
    { resource: target, metadata: { process: pid } },
  );
}
