/** @file What a kind of job brings: its work. Everything else about jobs is the same for all kinds. */
import type { Artifact, JobResult, JobSpec, LogEntry, MetricRecord, Preview, TrainingStatus } from "@tandem/contracts";
import type { NewArtifact } from "./artifacts/new-artifact.js";

type Specs = NonNullable<JobSpec["kind"]>;
type Results = NonNullable<JobResult["kind"]>;

/** Names of the kinds, as in JobSpec. */
export type KindName = Specs["$case"];
/** Spec of a kind. */
export type SpecOf<K extends KindName> = Extract<Specs, { $case: K }>["value"];
/** Result of a kind. */
export type ResultOf<K extends KindName> = Extract<Results, { $case: K }>["value"];

/** A kind of job that a server can do. */
export interface JobKind<K extends KindName = KindName> {
  readonly kind: K;
  /** Whether PauseJob is supported. */
  readonly pausable: boolean;
  /** Jobs of this kind at once; 1 by default. */
  readonly workers?: number;
  /**
   * Does the work. It may have been begun before (`context.attempt`): then it goes on from what it left, and ends with the same
   * result. When `context.signal` aborts it finishes what is under way, keeps what it has, and returns "stopped".
   * @throws DomainError the job fails for good; WORKER_LOST costs an attempt only. Anything else is a bug, and fails the job.
   */
  run(context: JobContext<K>): Promise<JobEnd<K>>;
  /**
   * Removes what a job left half done that failed or was cancelled, and is now deleted: nobody will go on from it. What it finished
   * stays.
   */
  discard?(job: Pick<JobContext<K>, "name" | "spec">): Promise<void>;
}

/** How an attempt ended. "stopped" without a request to stop is a job that rests until it is resumed. */
export type JobEnd<K extends KindName = KindName> =
  | { readonly kind: "done"; readonly result: ResultOf<K> }
  | { readonly kind: "stopped"; readonly result?: ResultOf<K>; readonly reason?: string };

/** How far a job is. */
export interface JobProgress {
  /** Units done, over all attempts. */
  readonly done: number;
  /** Units in all; 0 is unknown. */
  readonly total: number;
  /** "images", "snapshots", "files", "bytes", ... */
  readonly unit: string;
  /** Units a second; absent: taken from the last minute. */
  readonly rate?: number;
  /** What it is doing now, for people. */
  readonly stage?: string;
}

/** What work can tell while it goes on. Never waits: writes follow each other in order. */
export interface JobReports {
  progress(progress: JobProgress): void;
  log(severity: "info" | "warning" | "error", message: string): void;
  status(status: TrainingStatus): void;
  metric(record: MetricRecord): void;
  preview(preview: Preview): void;
  /** A file that is complete and durable. The same file told twice is one artifact. */
  artifact(artifact: NewArtifact): Promise<Artifact>;
}

/** An attempt at a job. */
export interface JobContext<K extends KindName = KindName> extends JobReports {
  /** Its name, `jobs/{job}`. */
  readonly name: string;
  /** As resolved at creation. */
  readonly spec: SpecOf<K>;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts when the job is to pause, is cancelled, or the server stops. */
  readonly signal: AbortSignal;
}

export const severities = { info: 1, warning: 2, error: 3 } as const satisfies Record<string, LogEntry["severity"]>;

/** A kind in a table of kinds: the spec's type is checked where the kind is made. */
export const jobKind = <K extends KindName>(kind: JobKind<K>): JobKind => kind as unknown as JobKind;
