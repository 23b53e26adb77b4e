/** @file The jobs of a server: created, listed, watched, told what to do. */
import { type Job, JobState, type WatchJobResponse } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { Changes } from "./changes.js";
import { type Creation, checkSettings, keyOf, newJob, unnamed } from "./creation.js";
import { readFilter } from "./filter.js";
import type { JobKind, KindName } from "./job-kind.js";
import { type Command, commanded, isFinal, refused, showState } from "./life-cycle.js";
import { readToken } from "./page-token.js";
import type { JobChange, JobRecord, JobStore } from "./store/job-store.js";
import { watchJob } from "./watch.js";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 1000;
/** Jobs read at once when a filter leaves some out. */
const SCAN = 200;

/** A page of jobs, and the token of the next; empty at the end. */
export interface JobPage {
  readonly jobs: Job[];
  readonly nextPageToken: string;
}

/** Everything a server does with jobs, but their work. */
export class Jobs {
  readonly changes = new Changes();
  /** Called when a job is queued, or one at work was asked for something. The runner's. */
  onCommand: (record: JobRecord) => void = () => {};

  /** @param queueLimit jobs that may wait */
  constructor(
    readonly store: JobStore,
    readonly kinds: readonly JobKind[],
    private readonly queueLimit: number,
  ) {}

  /**
   * Creates a job, or returns the one that the same request created before.
   * @throws DomainError FIELD_INVALID, REQUEST_ID_REUSED, QUEUE_FULL, NOT_SUPPORTED, and what `resolve` throws
   */
  async create<K extends KindName>(creation: Creation<K>): Promise<Job> {
    const kind = this.kinds.find(({ kind }) => kind === creation.kind);
    if (!kind) throw new DomainError("NOT_SUPPORTED", `this server does no jobs of kind ${creation.kind}`);
    const key = keyOf(creation as unknown as Creation);
    checkSettings(creation.settings);
    const before = creation.validateOnly ? undefined : await this.store.created(key);
    if (before) return this.shown(before);
    const spec = await creation.resolve();
    const job = newJob(creation as unknown as Creation, spec, kind.pausable);
    if (creation.validateOnly) return unnamed(job);
    const record = await this.store.create(creation.kind, job, key, this.queueLimit);
    this.onCommand(record);
    return this.shown(record);
  }

  async get(name: string): Promise<Job> {
    return this.shown(await this.store.get(name));
  }

  /** Newest first. @throws DomainError FIELD_INVALID for a filter or token that cannot be read */
  async list(request: { pageSize: number; pageToken: string; filter: string }): Promise<JobPage> {
    const matches = readFilter(request.filter);
    const size = Math.min(request.pageSize || DEFAULT_PAGE, MAX_PAGE);
    let before = request.pageToken === "" ? undefined : readToken(request.pageToken);
    const found: JobRecord[] = [];
    for (;;) {
      const records = await this.store.list(before, SCAN);
      for (const record of records) {
        if (!matches(record)) continue;
        if (found.length === size) return this.#page(found, String(found.at(-1)!.order));
        found.push(record);
      }
      if (records.length < SCAN) return this.#page(found, "");
      before = records.at(-1)!.order;
    }
  }

  watch(name: string, after: bigint | undefined, signal: AbortSignal): AsyncGenerator<WatchJobResponse> {
    return watchJob(this.store, this.changes, name, after, signal);
  }

  /** Asks something of a job; what is so already is no error. @throws DomainError JOB_STATE, RESOURCE_NOT_FOUND */
  async command(name: string, command: Command): Promise<Job> {
    let changed = false;
    const record = await this.update(name, ({ job }) => {
      const state = commanded(job, command);
      changed = state !== job.state;
      if (!changed) return undefined;
      return command === "retry" ? { job: { state, error: undefined }, losses: 0 } : { job: { state } };
    });
    if (changed) this.onCommand(record);
    return this.shown(record);
  }

  /** Forgets a final job. @throws DomainError JOB_STATE, RESOURCE_NOT_FOUND */
  async remove(name: string): Promise<void> {
    const { kind, job } = await this.store.get(name);
    const { state, spec } = job;
    if (!isFinal(state)) throw refused(name, `${name} is ${showState(state)}; only final jobs can be deleted`, state);
    const own = this.kinds.find((one) => one.kind === kind);
    if (state !== JobState.JOB_STATE_SUCCEEDED && spec?.kind) await own?.discard?.({ name, spec: spec.kind.value });
    await this.store.remove(name);
    this.changes.tell(name);
  }

  /** Changes a job and tells its watchers. */
  async update(name: string, change: (record: JobRecord) => JobChange | undefined): Promise<JobRecord> {
    const record = await this.store.update(name, change);
    this.changes.tell(name);
    return record;
  }

  async #page(records: JobRecord[], nextPageToken: string): Promise<JobPage> {
    return { jobs: await Promise.all(records.map((record) => this.shown(record))), nextPageToken };
  }

  /** The job with what is not kept but counted. */
  async shown(record: JobRecord): Promise<Job> {
    const { job } = record;
    return showState(job.state) === "QUEUED" ? { ...job, queuePosition: await this.store.ahead(record) } : job;
  }
}
