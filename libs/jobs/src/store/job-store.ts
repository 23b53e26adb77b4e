/** @file What a store of jobs can do. Every change is one transaction: an answer means that it is durable. */
import type { Artifact, Job, WatchJobResponse } from "@tandem/contracts";
import type { KindName } from "../job-kind.js";

/** A job as it is kept. */
export interface JobRecord {
  /** Grows with every job created. */
  readonly order: number;
  readonly kind: KindName;
  /** Attempts that ended with the worker lost, since the job was created or retried. */
  readonly losses: number;
  readonly job: Job;
}

/** An event without its number and time. */
export type JobEvent = NonNullable<WatchJobResponse["event"]>;

/** What becomes of a job. A new state adds the job itself as the last event. */
export interface JobChange {
  readonly job?: Partial<Omit<Job, "name" | "spec" | "settings" | "lastSequence" | "updateTime">>;
  readonly losses?: number;
  readonly events?: readonly JobEvent[];
}

/** The request that created a job. */
export interface CreationKey {
  /** Idempotency key; empty: none. */
  readonly requestId: string;
  /** SHA-256 of the request as sent. */
  readonly digest: Uint8Array;
}

/** A file as it is kept. */
export interface ArtifactRecord {
  readonly order: number;
  readonly artifact: Artifact;
  /** Where its bytes lie; a path on this machine, or a URI elsewhere. */
  readonly location: string;
  /** Whether DeleteArtifact may remove the bytes. */
  readonly isOwned: boolean;
}

/** Jobs, their events and their files. Names that do not exist are DomainError RESOURCE_NOT_FOUND. */
export interface JobStore {
  /**
   * Keeps a new job. Of two with one request id the first one stays, and is returned.
   * @throws DomainError REQUEST_ID_REUSED when that was another request; QUEUE_FULL when `limit` jobs wait
   */
  create(kind: KindName, job: Job, key: CreationKey, limit: number): Promise<JobRecord>;
  /** The job that a request created. @throws DomainError REQUEST_ID_REUSED */
  created(key: CreationKey): Promise<JobRecord | undefined>;
  get(name: string): Promise<JobRecord>;
  /** Newest first, those created before `before`. */
  list(before: number | undefined, limit: number): Promise<JobRecord[]>;
  /** The queued job that is next: highest priority, then oldest. */
  next(kind: KindName): Promise<JobRecord | undefined>;
  /** Queued jobs of the same kind that go first. */
  ahead(record: JobRecord): Promise<number>;
  /** Jobs in a state with a worker at work. */
  working(): Promise<JobRecord[]>;
  /** Changes a job as it is then; undefined leaves it. `change` must not wait, and may run again. */
  update(name: string, change: (record: JobRecord) => JobChange | undefined): Promise<JobRecord>;
  /** Events that are kept, in order, after a sequence number. */
  events(name: string, after: bigint, limit: number): Promise<WatchJobResponse[]>;
  /** Forgets a job and its events; its files stay known. */
  remove(name: string): Promise<void>;

  /** Keeps a file; one that is known by this name stays. */
  addArtifact(record: Omit<ArtifactRecord, "order">): Promise<{ artifact: Artifact; isNew: boolean }>;
  artifact(name: string): Promise<ArtifactRecord>;
  /** Of a job in order of completion after `from`; of all newest first before `from`. */
  artifacts(of: { job?: string; kind?: number; from?: number }, limit: number): Promise<ArtifactRecord[]>;
  setArtifactDigest(name: string, sha256: string): Promise<void>;
  removeArtifact(name: string): Promise<void>;
  close(): Promise<void>;
}
