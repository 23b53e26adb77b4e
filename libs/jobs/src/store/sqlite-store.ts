/** @file Jobs in one SQLite file: WAL, synchronous=FULL, one process. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Artifact, Job, JobState, WatchJobResponse } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import type { KindName } from "../job-kind.js";
import { working } from "../life-cycle.js";
import { applied } from "./applied.js";
import type { ArtifactRecord, CreationKey, JobChange, JobRecord, JobStore } from "./job-store.js";
import { missing, queueFull, reused } from "./refusals.js";
import { schema } from "./schema.js";

interface JobRow {
  readonly place: number;
  readonly kind: KindName;
  readonly losses: number;
  readonly digest: Uint8Array;
  readonly job: Uint8Array;
}

interface ArtifactRow {
  readonly place: number;
  readonly location: string;
  readonly owned: number;
  readonly artifact: Uint8Array;
}

const QUEUED = JobState.JOB_STATE_QUEUED;
const COLUMNS = "place, kind, losses, digest, job";

/** A store in a file, which is made when it is missing. One process has it open. */
export class SqliteStore implements JobStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws DomainError URI_NOT_ALLOWED, OUT_OF_MEMORY when it cannot be made; MODEL_INCOMPATIBLE for one of a later release */
  constructor(path: string) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#database = new DatabaseSync(path);
      this.#database.exec(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000",
      );
    } catch (error) {
      throw fileError(path, error);
    }
    schema(this.#database, path);
  }

  async create(kind: KindName, job: Job, key: CreationKey, limit: number): Promise<JobRecord> {
    return this.#transaction(() => {
      const before = this.#created(key);
      if (before) return before;
      const waiting = this.#get<{ n: number }>("SELECT count(*) n FROM jobs WHERE state=?", QUEUED)!.n;
      if (waiting >= limit) throw queueFull(waiting);
      const { job: first, events } = applied({ ...job, state: JobState.JOB_STATE_UNSPECIFIED }, { job }, new Date());
      this.#run(
        "INSERT INTO jobs (name, kind, state, priority, losses, request_id, digest, job) VALUES (?,?,?,?,0,?,?,?)",
        job.name,
        kind,
        job.state,
        job.settings?.priority ?? 0,
        key.requestId || null,
        key.digest,
        Job.encode(first).finish(),
      );
      this.#addEvents(job.name, events);
      return this.#job(job.name);
    });
  }

  async created(key: CreationKey): Promise<JobRecord | undefined> {
    return this.#created(key);
  }

  async get(name: string): Promise<JobRecord> {
    return this.#job(name);
  }

  async list(before: number | undefined, limit: number): Promise<JobRecord[]> {
    const sql = `SELECT ${COLUMNS} FROM jobs WHERE place<? ORDER BY place DESC LIMIT ?`;
    return this.#all<JobRow>(sql, before ?? Number.MAX_SAFE_INTEGER, limit).map(record);
  }

  async next(kind: KindName): Promise<JobRecord | undefined> {
    const sql = `SELECT ${COLUMNS} FROM jobs WHERE state=? AND kind=? ORDER BY priority DESC, place LIMIT 1`;
    const row = this.#get<JobRow>(sql, QUEUED, kind);
    return row && record(row);
  }

  async ahead({ order, kind, job }: JobRecord): Promise<number> {
    const priority = job.settings?.priority ?? 0;
    const first = "(priority>? OR (priority=? AND place<?))";
    const sql = `SELECT count(*) n FROM jobs WHERE state=? AND kind=? AND ${first}`;
    return this.#get<{ n: number }>(sql, QUEUED, kind, priority, priority, order)!.n;
  }

  async working(): Promise<JobRecord[]> {
    const sql = `SELECT ${COLUMNS} FROM jobs WHERE state IN (?,?,?) ORDER BY place`;
    return this.#all<JobRow>(sql, ...working).map(record);
  }

  async update(name: string, change: (record: JobRecord) => JobChange | undefined): Promise<JobRecord> {
    return this.#transaction(() => {
      const before = this.#job(name);
      const changes = change(before);
      if (!changes) return before;
      const { job, events } = applied(before.job, changes, new Date());
      const losses = changes.losses ?? before.losses;
      const sql = "UPDATE jobs SET state=?, losses=?, job=? WHERE name=?";
      this.#run(sql, job.state, losses, Job.encode(job).finish(), name);
      this.#addEvents(name, events);
      return { ...before, losses, job };
    });
  }

  async events(name: string, after: bigint, limit: number): Promise<WatchJobResponse[]> {
    const sql = "SELECT event FROM events WHERE job=? AND sequence>? ORDER BY sequence LIMIT ?";
    return this.#all<{ event: Uint8Array }>(sql, name, after, limit).map(({ event }) => WatchJobResponse.decode(event));
  }

  async remove(name: string): Promise<void> {
    this.#job(name);
    this.#run("DELETE FROM jobs WHERE name=?", name);
  }

  async addArtifact({ artifact, location, isOwned }: Omit<ArtifactRecord, "order">) {
    return this.#transaction(() => {
      const { name, job, kind } = artifact;
      const before = this.#get<ArtifactRow>("SELECT * FROM artifacts WHERE name=?", name);
      if (before) return { artifact: Artifact.decode(before.artifact), isNew: false };
      const sql = "INSERT INTO artifacts (name, job, kind, location, owned, artifact) VALUES (?,?,?,?,?,?)";
      this.#run(sql, name, job, kind, location, Number(isOwned), Artifact.encode(artifact).finish());
      return { artifact, isNew: true };
    });
  }

  async artifact(name: string): Promise<ArtifactRecord> {
    return this.#artifact(name);
  }

  async artifacts({ job, kind, from }: { job?: string; kind?: number; from?: number }, limit: number) {
    const [where, order, start] =
      job === undefined
        ? ["place<?", "place DESC", from ?? Number.MAX_SAFE_INTEGER]
        : ["job=? AND place>?", "place", from ?? 0];
    const ofKind = kind ? " AND kind=?" : "";
    const sql = `SELECT * FROM artifacts WHERE ${where}${ofKind} ORDER BY ${order} LIMIT ?`;
    const values = [...(job === undefined ? [] : [job]), start, ...(kind ? [kind] : []), limit];
    return this.#all<ArtifactRow>(sql, ...values).map(artifactRecord);
  }

  async setArtifactDigest(name: string, sha256: string): Promise<void> {
    const { artifact } = this.#artifact(name);
    const bytes = Artifact.encode({ ...artifact, sha256 }).finish();
    this.#run("UPDATE artifacts SET artifact=? WHERE name=?", bytes, name);
  }

  async removeArtifact(name: string): Promise<void> {
    this.#artifact(name);
    this.#run("DELETE FROM artifacts WHERE name=?", name);
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #created({ requestId, digest }: CreationKey): JobRecord | undefined {
    if (requestId === "") return undefined;
    const row = this.#get<JobRow>(`SELECT ${COLUMNS} FROM jobs WHERE request_id=?`, requestId);
    if (row && Buffer.compare(row.digest, digest) !== 0) throw reused(requestId);
    return row && record(row);
  }

  #job(name: string): JobRecord {
    const row = this.#get<JobRow>(`SELECT ${COLUMNS} FROM jobs WHERE name=?`, name);
    if (!row) throw missing(name);
    return record(row);
  }

  #artifact(name: string): ArtifactRecord {
    const row = this.#get<ArtifactRow>("SELECT * FROM artifacts WHERE name=?", name);
    if (!row) throw missing(name);
    return artifactRecord(row);
  }

  /** Of progress and previews only the newest is kept. */
  #addEvents(job: string, events: readonly WatchJobResponse[]): void {
    for (const event of events) {
      const kind = event.event!.$case;
      if (kind === "progress" || kind === "preview") this.#run("DELETE FROM events WHERE job=? AND kind=?", job, kind);
      const bytes = WatchJobResponse.encode(event).finish();
      this.#run("INSERT INTO events (job, sequence, kind, event) VALUES (?,?,?,?)", job, event.sequence, kind, bytes);
    }
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw isFull(error)
        ? new DomainError("OUT_OF_MEMORY", "no space is left for the job store", { cause: error })
        : error;
    }
  }

  #get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#statement(sql).get(...values) as T | undefined;
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#statement(sql).all(...values) as T[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

const record = ({ place, kind, losses, job }: JobRow): JobRecord => ({
  order: place,
  kind,
  losses,
  job: Job.decode(job),
});

const artifactRecord = ({ place, location, owned, artifact }: ArtifactRow): ArtifactRecord => ({
  order: place,
  location,
  isOwned: owned === 1,
  artifact: Artifact.decode(artifact),
});

/** SQLITE_FULL. */
const isFull = (error: unknown) => (error as { errcode?: number }).errcode === 13;
