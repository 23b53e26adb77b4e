/** @file What the process of a dataset job is told: paths of this machine, and what is to be done with them. */

/** Reads every file. */
export interface CheckInput {
  readonly kind: "check";
  /** Whether latents are measured. */
  readonly isMeasured: boolean;
}

/** One operation. */
export type Operation = CheckInput;

/** A dataset job. */
export interface DatasetInput {
  /** Folder or file. */
  readonly source: string;
  /** Folder of the job's unfinished work; it may hold what an earlier attempt left. */
  readonly work: string;
  readonly threads: number;
  readonly operation: Operation;
}
