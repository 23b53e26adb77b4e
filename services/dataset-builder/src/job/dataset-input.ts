/** @file What the process of a dataset job is told: paths of this machine, and what is to be done with them. */
import type { ConvertOptions, SourceOptions } from "@tandem/datasets";
import type { CoderPlace } from "../coder/coder.js";

/** Reads every file. */
export interface CheckInput {
  readonly kind: "check";
  /** Whether latents are measured. */
  readonly isMeasured: boolean;
}

/** Where a new dataset goes. */
export interface OutputInput {
  /** Archive, or folder without its last "/". */
  readonly output: string;
  readonly maxImages: number | undefined;
  /** PNG of some images of it. */
  readonly contactSheet: string | undefined;
}

/** Pictures into a dataset. */
export interface ConvertInput extends OutputInput {
  readonly kind: "convert";
  readonly pictures: SourceOptions;
  readonly options: Omit<ConvertOptions, "labels" | "maxImages">;
}

/** Pixels into latents, or back. */
export interface CodeInput extends OutputInput {
  readonly kind: "encode" | "decode";
  readonly autoencoder: CoderPlace;
  readonly batchSize: number;
  /** Whether the latents that were made are measured. */
  readonly isMeasured: boolean;
}

/** One operation. */
export type Operation = CheckInput | ConvertInput | CodeInput;

/** A dataset job. */
export interface DatasetInput<O extends Operation = Operation> {
  /** Folder or file. */
  readonly source: string;
  /** Folder of the job's unfinished work; it may hold what an earlier attempt left. */
  readonly work: string;
  readonly threads: number;
  readonly operation: O;
}
