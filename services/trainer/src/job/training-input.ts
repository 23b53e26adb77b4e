/** @file What the process of a run is told, and what it makes of it. */
import type { TrainingSpec } from "@tandem/contracts";
import type { RunFiles } from "../run/run-kind.js";

/** A run, with every file of the request found on this machine. */
export interface TrainingInput extends RunFiles {
  /** Resolved. */
  readonly spec: TrainingSpec;
  /** Folder of the run; exists. */
  readonly folder: string;
  readonly startFrom?: string | undefined;
  readonly threads: number;
}
