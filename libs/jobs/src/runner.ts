/** @file Takes queued jobs, has their work done, writes how it ended. What a crash left it puts right at the start. */
import { JobResult, JobState } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { toStatusMessage } from "@tandem/rpc";
import type { Logger } from "pino";
import type { Artifacts } from "./artifacts/artifacts.js";
import { Attempt } from "./attempt.js";
import { type JobEnd, type JobKind, severities } from "./job-kind.js";
import type { Jobs } from "./jobs.js";
import { showState, stoppedState } from "./life-cycle.js";
import type { JobChange, JobEvent, JobRecord } from "./store/job-store.js";

const { JOB_STATE_RUNNING, JOB_STATE_QUEUED, JOB_STATE_PAUSED, JOB_STATE_SUCCEEDED, JOB_STATE_FAILED } = JobState;

/** Does the work of a server's jobs. */
export class JobRunner {
  readonly #attempts = new Map<string, { attempt: Attempt; kind: JobKind; ended: Promise<void> }>();
  #isStopping = false;
  #taking: Promise<void> = Promise.resolve();

  constructor(
    private readonly jobs: Jobs,
    private readonly artifacts: Artifacts,
    private readonly logger: Logger,
  ) {}

  /** Puts right what a crash left, and begins to work. */
  async start(): Promise<void> {
    for (const { job } of await this.jobs.store.working())
      await this.jobs.update(job.name, (record) => lost(record, "the server ended while it worked"));
    this.jobs.onCommand = (record) => this.#react(record);
    await this.#take();
  }

  /** Asks all work to end, and waits for it. What was running is queued again, and no attempt is lost. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#taking;
    for (const { attempt } of this.#attempts.values()) attempt.stop("shutdown");
    await Promise.all([...this.#attempts.values()].map(({ ended }) => ended));
  }

  #react(record: JobRecord): void {
    this.#obey(record);
    this.#take().catch((error) => this.logger.error({ err: error }, "cannot take a job"));
  }

  #obey({ job }: JobRecord): void {
    const attempt = this.#attempts.get(job.name)?.attempt;
    if (job.state === JobState.JOB_STATE_PAUSING) attempt?.stop("pause");
    if (job.state === JobState.JOB_STATE_CANCELLING) attempt?.stop("cancel");
  }

  /** Begins as many jobs as there are free workers, one taker at a time. */
  #take(): Promise<void> {
    const take = async () => {
      for (const kind of this.jobs.kinds)
        while (!this.#isStopping && this.#busy(kind) < (kind.workers ?? 1)) {
          const next = await this.jobs.store.next(kind.kind);
          if (!next) break;
          await this.#begin(kind, next);
        }
    };
    const taken = this.#taking.then(take);
    this.#taking = taken.catch(() => {}); // told to whoever asked
    return taken;
  }

  #busy(kind: JobKind): number {
    return [...this.#attempts.values()].filter((running) => running.kind === kind).length;
  }

  async #begin(kind: JobKind, { job: { name } }: JobRecord): Promise<void> {
    let isMine = false;
    const record = await this.jobs.update(name, ({ job }) => {
      isMine = job.state === JOB_STATE_QUEUED; // it may have been paused or cancelled meanwhile
      if (!isMine) return undefined;
      const { attempt, startTime = new Date() } = job;
      return { job: { state: JOB_STATE_RUNNING, attempt: attempt + 1, startTime, error: undefined } };
    });
    if (!isMine) return;
    const attempt = new Attempt(record, this.jobs, this.artifacts);
    const ended = this.#work(kind, attempt).catch((error) =>
      this.logger.error({ err: error, job: name }, "the end of an attempt could not be written"),
    );
    this.#attempts.set(name, { attempt, kind, ended });
    this.#obey(await this.jobs.store.get(name)); // a request may have come before there was somebody to ask
  }

  async #work(kind: JobKind, attempt: Attempt): Promise<void> {
    this.logger.info({ job: attempt.name, attempt: attempt.attempt }, "begun");
    const change = await this.#outcome(kind, attempt);
    const { job } = await this.#write(attempt.name, change).finally(() => this.#attempts.delete(attempt.name));
    this.logger.info({ job: job.name, state: showState(job.state) }, job.error?.message || "ended");
    await this.#take();
  }

  /** Writes the end of an attempt. One that cannot be written, such as a malformed result, is a failure: no job runs without a worker. */
  async #write(name: string, change: (record: JobRecord) => JobChange): Promise<JobRecord> {
    try {
      return await this.jobs.update(name, change);
    } catch (error) {
      return await this.jobs.update(name, (record) => this.#failed(record, error));
    }
  }

  /** How an attempt changes its job. */
  async #outcome(kind: JobKind, attempt: Attempt): Promise<(record: JobRecord) => JobChange> {
    try {
      const end = await kind.run(attempt);
      await attempt.flush();
      return (record) => this.#ended(record, end);
    } catch (error) {
      await attempt.flush().catch((failure) => this.logger.error({ err: failure, job: attempt.name }, "told in vain"));
      if (attempt.signal.aborted && isAbort(error)) return (record) => this.#ended(record, { kind: "stopped" });
      if (error instanceof DomainError && error.reason === "WORKER_LOST")
        return (record) => lost(record, error.message);
      return (record) => this.#failed(record, error);
    }
  }

  #ended({ kind, job }: JobRecord, end: JobEnd): JobChange {
    const result = end.result && JobResult.fromPartial({ kind: { $case: kind, value: end.result } as never });
    if (end.kind === "done") return { job: { state: JOB_STATE_SUCCEEDED, result, error: undefined } };
    const asked = stoppedState(job.state);
    if (asked !== undefined) return { job: { state: asked, ...(result && { result }) } };
    if (this.#isStopping) return { job: { state: JOB_STATE_QUEUED } };
    const reason = end.reason ?? "it stopped by itself";
    return { job: { state: JOB_STATE_PAUSED }, events: [log("warning", `paused: ${reason}`)] };
  }

  #failed({ job }: JobRecord, error: unknown): JobChange {
    if (!(error instanceof DomainError)) this.logger.error({ err: error, job: job.name }, "a bug failed a job");
    const known =
      error instanceof DomainError ? toStatusMessage(error) : { code: 13, message: "internal error", details: [] };
    const state = job.state === JobState.JOB_STATE_CANCELLING ? JobState.JOB_STATE_CANCELLED : JOB_STATE_FAILED;
    return { job: { state, error: known }, events: [log("error", known.message)] };
  }
}

/** What a lost worker does to its job: another attempt, while there are some. */
function lost({ job, losses }: JobRecord, why: string): JobChange {
  const asked = stoppedState(job.state);
  if (asked !== undefined) return { job: { state: asked }, events: [log("warning", why)] };
  const all = job.settings!.maxAttempts;
  const count = losses + 1;
  const error = toStatusMessage(
    new DomainError("WORKER_LOST", `attempt ${count} of ${all}: ${why}`, { resource: job.name }),
  );
  const state = count >= all ? JOB_STATE_FAILED : JOB_STATE_QUEUED;
  return { job: { state, error }, losses: count, events: [log("error", error.message)] };
}

const log = (severity: keyof typeof severities, message: string): JobEvent => ({
  $case: "log",
  value: { severity: severities[severity], message },
});

const isAbort = (error: unknown) => error instanceof Error && error.name === "AbortError";
