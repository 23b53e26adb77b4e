/** @file Profiles on disk: one JSON file a run, which chrome://tracing and Perfetto open, and the last one of the same subject. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Profile, Profiled } from "./profile.js";

/** A kept run: Chrome's trace format, with the profile where viewers show metadata. */
interface ProfileFile {
  readonly traceEvents: Profiled["traceEvents"];
  readonly otherData: Profile;
}

/** The profiles of one folder. */
export class ProfileHistory {
  /** @param folder made when something is saved */
  constructor(private readonly folder: string) {}

  /** The profile saved last for this subject; undefined when there is none. */
  async last(subject: string): Promise<Profile | undefined> {
    const prefix = `${slug(subject)}@`;
    const names = (await this.#list()).filter((name) => name.startsWith(prefix)).sort();
    const name = names.at(-1);
    if (name === undefined) return undefined;
    return (JSON.parse(await readFile(join(this.folder, name), "utf8")) as ProfileFile).otherData;
  }

  /** Writes a run. @returns the file's path */
  async save({ profile, traceEvents }: Profiled, now = new Date()): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, `${slug(profile.subject)}@${now.toISOString().replaceAll(":", "-")}.json`);
    await writeFile(path, JSON.stringify({ traceEvents, otherData: profile } satisfies ProfileFile));
    return path;
  }

  async #list(): Promise<string[]> {
    return readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
  }
}

/** A file name of a subject: different subjects that only differ in punctuation do not occur. */
const slug = (subject: string): string =>
  subject
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .slice(-160);
