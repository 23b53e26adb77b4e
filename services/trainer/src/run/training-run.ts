/** @file The loop of a run: steps, and at their ends statuses, snapshots, samples and checkpoints; it ends complete or suspended. */
import type { Provenance } from "@tandem/networks";
import { checkpointBytes, writeCheckpoint } from "./checkpoint.js";
import { describeShortage, isFull, shortageOf } from "./disk-space.js";
import { type Intervals, isDue } from "./intervals.js";
import { Journal } from "./journal.js";
import type { RunPosition } from "./position.js";
import type { RunFolder } from "./run-folder.js";
import type { RunReporter } from "./run-reporter.js";
import { type Draw, Snapshots } from "./snapshots.js";
import { type RunStatus, Tick } from "./tick.js";
import type { Trainee } from "./trainee.js";

/** A run that is to begin or to go on. */
export interface RunOptions {
  readonly trainee: Trainee;
  readonly folder: RunFolder;
  /** The resolved request as JSON, for checkpoints. */
  readonly spec: unknown;
  /** Of its networks: preset, run, dataset. */
  readonly provenance: Provenance;
  readonly total: number;
  /** Units of this invocation; 0 is no limit. */
  readonly slice: number;
  readonly intervals: Intervals;
  readonly keepCheckpoints: number;
  /** Where it goes on; the trainee has the state of that moment. */
  readonly from: RunPosition;
  readonly reporter: RunReporter;
  /** Draws samples of a network, PNG; absent for none. */
  readonly draw?: Draw | undefined;
}

/** How an invocation ended. */
export interface RunEnd {
  readonly kind: "complete" | "suspended";
  readonly position: RunPosition;
  /** Why it was suspended, for people; empty when that was asked for. */
  readonly reason: string;
  readonly status: RunStatus | undefined;
}

/** One invocation of a run. */
export class TrainingRun {
  readonly #options: RunOptions;
  readonly #journal: Journal;
  readonly #snapshots: Snapshots;
  readonly #began = performance.now();
  readonly #tick = new Tick();
  #position: RunPosition;
  #saved: number;
  #status: RunStatus | undefined;
  /** Of the next checkpoint and snapshots: every one takes the same. */
  #bytes: number | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#journal = new Journal(options.folder);
    this.#snapshots = new Snapshots(options);
    this.#position = options.from;
    this.#saved = options.from.done;
  }

  /**
   * Trains until the end, the slice's end, a request, or until the disk is nearly full.
   * @param suspend asks it to save and stop: at the end of a step, or of a round, whose step is then done again
   * @throws what the trainee or the file system throws; a full disk suspends the run instead
   */
  async run(suspend: AbortSignal): Promise<RunEnd> {
    const { folder, total, slice, from, reporter } = this.#options;
    const until = slice > 0 ? Math.min(total, from.done + slice) : total;
    try {
      if (from.done >= total) return await this.#end("complete", "");
      await this.#journal.rewind(from.done);
      await this.#journal.log(from.done === 0 ? `begins; ${total} in all` : `goes on after ${from.done} of ${total}`);
      const shortage = await this.#shortage();
      if (shortage) return this.#end("suspended", shortage);
      while (this.#position.done < until && !suspend.aborted) {
        if (!(await this.#step(suspend))) break;
        const full = await this.#maintain();
        if (full) return await this.#finish("suspended", full);
      }
      if (this.#position.done >= total) return await this.#finish("complete");
      const isSlice = this.#position.done >= until;
      return await this.#finish("suspended", isSlice ? `slice of ${slice} done` : "");
    } catch (error) {
      if (!isFull(error)) throw error;
      const reason = `${error.message}; the run goes on after ${this.#saved}. Free some space, then resume`;
      reporter.log("warning", reason);
      await folder.removeLeftovers();
      return this.#end("suspended", reason);
    }
  }

  /** False when it was given up on request: then nothing has changed. */
  async #step(suspend: AbortSignal): Promise<boolean> {
    const { trainee, reporter, total } = this.#options;
    try {
      const report = await trainee.step(this.#position.done, suspend);
      this.#tick.add(report, trainee.stepSize);
    } catch (error) {
      if (suspend.aborted && error === suspend.reason) return false;
      throw error;
    }
    this.#position = { ...this.#position, done: this.#position.done + trainee.stepSize };
    reporter.progress(this.#position.done, total, this.#tick.rate);
    return true;
  }

  /** What is due at the end of a step. @returns why the run cannot go on, if so */
  async #maintain(): Promise<string | undefined> {
    const { intervals, total } = this.#options;
    const { done } = this.#position;
    if (done === total) return undefined; // the end does all of it
    const isStatus = isDue(intervals.status, done);
    if (isStatus) await this.#report();
    const began = performance.now();
    if (isDue(intervals.snapshot, done)) await this.#snapshots.write(done);
    else if (isDue(intervals.preview, done)) await this.#snapshots.preview(done);
    const isCheckpoint = isDue(intervals.checkpoint, done);
    if (isCheckpoint) await this.#checkpoint();
    const full = isStatus || isCheckpoint ? await this.#shortage() : undefined;
    this.#tick.maintain(performance.now() - began);
    return full;
  }

  /** The last things of an invocation: what was done since the last status and checkpoint is kept. */
  async #finish(kind: RunEnd["kind"], reason = ""): Promise<RunEnd> {
    const { done } = this.#position;
    await this.#report();
    if (done > this.#saved) {
      if (kind === "complete") await this.#snapshots.write(done);
      await this.#checkpoint();
    }
    return this.#end(kind, reason);
  }

  async #end(kind: RunEnd["kind"], reason: string): Promise<RunEnd> {
    const why = reason === "" ? "" : `: ${reason}`;
    // A full disk may not take this line either; the job's log has it.
    await this.#journal.log(`${kind} after ${this.#position.done}${why}`).catch((error) => {
      if (!isFull(error)) throw error;
    });
    return { kind, position: { ...this.#position, done: this.#saved }, reason, status: this.#status };
  }

  async #report(): Promise<void> {
    const { from } = this.#options;
    const runSeconds = from.runSeconds + (performance.now() - this.#began) / 1000;
    const position = { ...this.#position, tick: this.#position.tick + 1, runSeconds };
    const status = this.#tick.take(position);
    if (!status) return;
    this.#position = position;
    this.#status = status;
    await this.#journal.status(status);
    this.#options.reporter.status(status);
  }

  async #checkpoint(): Promise<void> {
    const { trainee, folder, spec, keepCheckpoints, reporter } = this.#options;
    const path = folder.checkpoint(this.#position.done);
    await writeCheckpoint(path, { position: this.#position, spec, tensors: await trainee.state() });
    this.#saved = this.#position.done;
    await folder.prune(keepCheckpoints);
    reporter.file({ path, kind: "checkpoint", nimg: this.#saved });
  }

  /** Why the next snapshots and checkpoint would not fit, if so. The checkpoint itself still does, as a rule. */
  async #shortage(): Promise<string | undefined> {
    const { trainee, folder } = this.#options;
    this.#bytes ??= checkpointBytes(await trainee.state()) + (await this.#snapshots.bytes());
    const shortage = await shortageOf(folder.path, this.#bytes);
    if (!shortage) return undefined;
    const reason = describeShortage(shortage);
    this.#options.reporter.log("warning", reason);
    return reason;
  }
}
