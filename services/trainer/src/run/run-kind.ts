/** @file What a kind of run brings to the loop: one row of the table in kinds.ts. */
import type { TrainingSpec } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { TensorData } from "@tandem/formats";
import type { Provenance } from "@tandem/networks";
import type { Intervals } from "./intervals.js";
import type { RunPosition } from "./position.js";
import type { Stem } from "./run-folder.js";
import type { RunReporter } from "./run-reporter.js";
import type { Draw } from "./snapshots.js";
import type { Trainee } from "./trainee.js";

/** Files of a request, as paths on this machine. */
export interface RunFiles {
  /** The dataset, of kinds that have one. */
  readonly dataset?: string | undefined;
  /** The autoencoder whose latents the dataset holds, where it was named by a path that may be read: pictures are made with it. */
  readonly autoencoder?: string | undefined;
}

/** What a run is given of the machine. */
export interface RunResources extends RunFiles {
  /** Threads that it computes with. */
  readonly threads: number;
  readonly reporter: RunReporter;
}

/** A run that is ready to begin: random weights, or those of `start_from`. */
export interface OpenedRun {
  readonly trainee: Trainee;
  /** Units in all. */
  readonly total: number;
  /** Units of one invocation; 0 is no limit. */
  readonly slice: number;
  readonly intervals: Intervals;
  readonly keepCheckpoints: number;
  /** Of its networks, as far as the kind knows it. */
  readonly provenance: Provenance;
  readonly draw?: Draw | undefined;
}

/** Where a run begins that finds no checkpoint of its own. */
export interface RunStart {
  readonly position: RunPosition;
  /** As `Trainee.state` gives it. */
  readonly state: ReadonlyMap<string, TensorData>;
}

/** A kind of run. */
export interface RunKind {
  /** What its files count in their names. */
  readonly stem: Stem;
  /** What it counts, for people: "images". */
  readonly unit: string;
  /**
   * The request with every field of the run present, checked; resolved again it stays the same.
   * @throws DomainError FIELD_INVALID, DATASET_INVALID, RESOURCE_NOT_FOUND naming field or file
   */
  resolve(spec: TrainingSpec, files: RunFiles): Promise<TrainingSpec>;
  /** @throws DomainError DATASET_INVALID, RESOURCE_NOT_FOUND, FIELD_INVALID before anything is computed */
  open(spec: TrainingSpec, resources: RunResources): Promise<OpenedRun>;
  /** The beginning that `start_from` names. @throws DomainError RESOURCE_NOT_FOUND, MODEL_INCOMPATIBLE, UNSAFE_FILE */
  start(path: string, trainee: Trainee, reporter: RunReporter): Promise<RunStart>;
}

/** Kinds by the names of the contract's oneof. */
export type Kinds = Readonly<Partial<Record<NonNullable<TrainingSpec["run"]>["$case"], RunKind>>>;

/** The kind of a request's run. @throws DomainError FIELD_INVALID when it names none, NOT_SUPPORTED */
export function kindOf(kinds: Kinds, { run }: TrainingSpec): RunKind {
  if (!run) throw invalid("spec.run", undefined, `one of ${Object.keys(kinds).join(", ")}`);
  const kind = kinds[run.$case];
  if (kind) return kind;
  throw new DomainError("NOT_SUPPORTED", `this trainer does no runs of kind ${run.$case}`, { field: "spec.run" });
}
