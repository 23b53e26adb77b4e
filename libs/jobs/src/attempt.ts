/** @file One attempt at a job: what its work tells is written in order, thinned out where it comes too fast. */
import type { Artifact, MetricRecord, Preview, TrainingStatus } from "@tandem/contracts";
import { toDuration } from "@tandem/contracts";
import type { Artifacts } from "./artifacts/artifacts.js";
import type { NewArtifact } from "./artifacts/new-artifact.js";
import { type JobContext, type JobProgress, severities } from "./job-kind.js";
import type { Jobs } from "./jobs.js";
import type { JobEvent, JobRecord } from "./store/job-store.js";

/** Progress is written this often, milliseconds: for people, and each write waits for the disk. */
const PROGRESS_MS = 1000;
/** Rates are over the last so many milliseconds. */
const RATE_MS = 60_000;

/** Why an attempt is asked to end. */
export type StopReason = "pause" | "cancel" | "shutdown";

/** The context of an attempt. */
export class Attempt implements JobContext {
  readonly name: string;
  readonly spec: never;
  readonly attempt: number;
  readonly #stop = new AbortController();
  readonly signal: AbortSignal = this.#stop.signal;
  #writes: Promise<unknown> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #pending: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #marks: { time: number; done: number }[] = [];

  constructor(
    record: JobRecord,
    private readonly jobs: Jobs,
    private readonly artifacts: Artifacts,
  ) {
    this.name = record.job.name;
    this.spec = record.job.spec!.kind!.value as never;
    this.attempt = record.job.attempt;
  }

  /** Asks the work to end; asked before: nothing. */
  stop(reason: StopReason): void {
    this.#stop.abort(new DOMException(`asked to end: ${reason}`, "AbortError"));
  }

  progress(progress: JobProgress): void {
    this.#mark(progress.done);
    this.#pending = progress;
    this.#timer ??= setTimeout(() => this.#writeProgress(), this.#marks.length > 1 ? PROGRESS_MS : 0);
  }

  log(severity: keyof typeof severities, message: string): void {
    this.#tell({ $case: "log", value: { severity: severities[severity], message } });
  }

  status(status: TrainingStatus): void {
    this.#tell({ $case: "trainingStatus", value: status });
  }

  metric(record: MetricRecord): void {
    this.#tell({ $case: "metric", value: record });
  }

  preview(preview: Preview): void {
    this.#tell({ $case: "preview", value: preview });
  }

  async artifact(file: NewArtifact): Promise<Artifact> {
    const { artifact, isNew } = await this.artifacts.add(this.name, file);
    if (isNew) this.#tell({ $case: "artifact", value: artifact });
    return artifact;
  }

  /** Resolves once everything told is written. @throws what a write failed with */
  async flush(): Promise<void> {
    if (this.#timer) this.#writeProgress();
    await this.#writes;
    if (this.#failure) throw this.#failure.error;
  }

  #tell(event: JobEvent): void {
    if (this.#timer) this.#writeProgress();
    this.#write(() => this.jobs.update(this.name, () => ({ events: [event] })));
  }

  #writeProgress(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { done, total, unit, stage = "", rate = this.#rate() } = this.#pending!;
    const seconds = rate > 0 && total > 0 ? Math.max(0, total - done) / rate : undefined;
    const eta = seconds === undefined ? undefined : toDuration(seconds * 1000);
    const progress = { done: BigInt(Math.round(done)), total: BigInt(Math.round(total)), unit, rate, eta, stage };
    const event: JobEvent = { $case: "progress", value: progress };
    this.#write(() => this.jobs.update(this.name, () => ({ job: { progress }, events: [event] })));
  }

  /** Writes follow each other; after one failed, none is tried, and `flush` tells. */
  #write(write: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(async () => {
      if (this.#failure) return;
      try {
        await write();
      } catch (error) {
        this.#failure = { error };
      }
    });
  }

  #mark(done: number): void {
    const now = performance.now();
    const last = this.#marks.at(-1);
    if (last && now - last.time < PROGRESS_MS && this.#marks.length > 1) this.#marks.pop();
    this.#marks.push({ time: now, done });
    while (now - this.#marks[0]!.time > RATE_MS) this.#marks.shift();
  }

  #rate(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.time === first.time) return 0;
    return Math.max(0, ((last.done - first.done) * 1000) / (last.time - first.time));
  }
}
