/** @file The folder of a run: names of what lies in it, and what is there. */
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError, systemCode } from "@tandem/formats";

/** How a kind of run counts in file names. */
export type Stem = (done: number) => string;

/** Thousands of images in seven digits: 8,388,608 is 0008388 (numerics, section 4). */
export const kimgStem: Stem = (done) => String(Math.floor(done / 1000)).padStart(7, "0");

/** Iterations in seven digits: those of the toy are few. */
export const iterationStem: Stem = (done) => String(done).padStart(7, "0");

const CHECKPOINT = /^training-state-(\d{7,})\.safetensors$/;
const SNAPSHOT = /^network-snapshot-(\d{7,})-(\d\.\d{3})\.safetensors$/;
const LEFTOVER = /^\.(training-state|network-snapshot|training-options|samples|stats)[^/]*\.tmp$/;
/** What a run, ours or the reference's, leaves in its folder. */
const RUN_FILE = /^(training-state-|network-snapshot-|training[-_]options\.json$|stats\.jsonl$|log\.txt$)/;

/** Paths within a run's folder. */
export class RunFolder {
  readonly options: string;
  readonly log: string;
  readonly stats: string;

  constructor(
    readonly path: string,
    private readonly stem: Stem,
  ) {
    this.options = join(path, "training-options.json");
    this.log = join(path, "log.txt");
    this.stats = join(path, "stats.jsonl");
  }

  /** `training-state-0008388.safetensors` */
  checkpoint(done: number): string {
    return join(this.path, `training-state-${this.stem(done)}.safetensors`);
  }

  /** `network-snapshot-0008388-0.050.safetensors` */
  snapshot(done: number, emaStd: number): string {
    return join(this.path, `network-snapshot-${this.stem(done)}-${emaStd.toFixed(3)}.safetensors`);
  }

  /** `samples-0008388-0.050.png` */
  samples(done: number, emaStd: number): string {
    return join(this.path, `samples-${this.stem(done)}-${emaStd.toFixed(3)}.png`);
  }

  /** Paths of the checkpoints, newest first. @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED */
  async checkpoints(): Promise<string[]> {
    return (await this.#names())
      .flatMap((name) => {
        const [, count] = CHECKPOINT.exec(name) ?? [];
        return count === undefined ? [] : [{ name, count: Number(count) }];
      })
      .sort((a, b) => b.count - a.count)
      .map(({ name }) => join(this.path, name));
  }

  /** Paths of the newest snapshot of every EMA profile, by its three decimals. @throws as `checkpoints` */
  async newestSnapshots(): Promise<ReadonlyMap<string, string>> {
    const newest = new Map<string, { name: string; count: number }>();
    for (const name of await this.#names()) {
      const [, count, emaStd = ""] = SNAPSHOT.exec(name) ?? [];
      if (count !== undefined && Number(count) >= (newest.get(emaStd)?.count ?? 0))
        newest.set(emaStd, { name, count: Number(count) });
    }
    return new Map([...newest].map(([emaStd, { name }]) => [emaStd, join(this.path, name)]));
  }

  /** Names of files that only a run leaves behind; empty in a folder that is new or another's. */
  async runFiles(): Promise<string[]> {
    return (await this.#names()).filter((name) => RUN_FILE.test(name)).sort();
  }

  /** Takes a damaged checkpoint out of the way: it is not looked at again, and its name is free. */
  async setAside(checkpoint: string): Promise<void> {
    await rename(checkpoint, `${checkpoint}.damaged`);
  }

  /** Keeps the newest checkpoints only. */
  async prune(keep: number): Promise<void> {
    for (const path of (await this.checkpoints()).slice(keep)) await rm(path, { force: true });
  }

  /** Removes what a killed process left half written. */
  async removeLeftovers(): Promise<void> {
    for (const name of await this.#names()) if (LEFTOVER.test(name)) await rm(join(this.path, name), { force: true });
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return [];
      throw fileError(this.path, error);
    }
  }
}
