/**
 * @file The folder of an unfinished download. It belongs to one process at a time: whoever renames it, has it. So processes
 * need no locks, and what one leaves unfinished another continues.
 */
import { createHash, randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemCode } from "@tandem/formats";

/** A folder that nobody has written to for so long belongs to nobody, wherever its owner ran. */
const abandonedAfterMs = 10 * 60_000;

const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** An unfinished download that this process owns. */
export class Partial {
  private constructor(
    private readonly target: string,
    private readonly folder: string,
  ) {}

  /** Takes over what is left of an earlier download to `target`, or begins anew. */
  static async claim(target: string): Promise<Partial> {
    const own = `${target}.part-${host}-${process.pid}-${randomBytes(4).toString("hex")}`;
    for (const candidate of await leftovers(target)) {
      try {
        // Fresh from now on, so that nobody takes it for abandoned before the first byte comes.
        await utimes(candidate, new Date(), new Date());
        await rename(candidate, own);
        return new Partial(target, own);
      } catch (error) {
        if (!isMissing(error)) throw error; // another process was faster: on to the next
      }
    }
    await mkdir(own, { recursive: true });
    return new Partial(target, own);
  }

  /** The file that takes the bytes; it may hold some already. */
  open(): Promise<FileHandle> {
    return open(join(this.folder, "data"), "a+");
  }

  /** By what the bytes so far can be continued. */
  async validator(): Promise<string | undefined> {
    try {
      return await readFile(join(this.folder, "validator"), "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async setValidator(validator: string | undefined): Promise<void> {
    if (validator === undefined) await rm(join(this.folder, "validator"), { force: true });
    else await writeFile(join(this.folder, "validator"), validator);
  }

  get dataPath(): string {
    return join(this.folder, "data");
  }

  /** The download is complete: it appears under its name. */
  async finish(): Promise<void> {
    await rename(this.dataPath, this.target);
    await this.discard();
  }

  /** Leaves the bytes, if any have come, for whoever tries next. */
  async release(): Promise<void> {
    if ((await stat(this.dataPath)).size === 0) return this.discard();
    try {
      await rename(this.folder, `${this.target}.part`);
    } catch (error) {
      // Another process has left its part already: one is enough.
      if (!(isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST"))) throw error;
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Folders of earlier downloads that nobody works on. */
async function leftovers(target: string): Promise<string[]> {
  const folder = dirname(target);
  const prefix = `${basename(target)}.part`;
  const names = (await readdir(folder)).filter((name) => name === prefix || name.startsWith(`${prefix}-`));
  const free: string[] = [];
  for (const name of names)
    if (name === prefix || (await isAbandoned(join(folder, name)))) free.push(join(folder, name));
  return free;
}

async function isAbandoned(path: string): Promise<boolean> {
  const [, owner, pid] = /\.part-([0-9a-f]+)-(\d+)-[0-9a-f]+$/.exec(path) ?? [];
  if (owner === host && !isRunning(Number(pid))) return true;
  const lastWrite = Math.max(await changedAt(path), await changedAt(join(path, "data")));
  // In containers every process is number 1: what is older than this process belongs to one before it.
  const startedAt = Date.now() - 1000 * process.uptime();
  return (
    (owner === host && Number(pid) === process.pid && lastWrite < startedAt) ||
    Date.now() - lastWrite > abandonedAfterMs
  );
}

/** Time of the last change, milliseconds; 0 for what does not exist. */
async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function isMissing(error: unknown): boolean {
  return isCode(error, "ENOENT");
}

function isCode(error: unknown, code: string): boolean {
  return systemCode(error) === code;
}
