/** @file What a run tells while it goes on. */
import type { RunStatus } from "./tick.js";

/** A file that is complete now. */
export interface RunFile {
  readonly path: string;
  readonly kind: "snapshot" | "checkpoint" | "samples";
  /** Units done when it was written. */
  readonly nimg: number;
  /** Profile of a snapshot, or of the network that drew samples. */
  readonly emaStd?: number;
}

/** Whoever follows a run. Called between steps; what takes long must not be done here. */
export interface RunReporter {
  status(status: RunStatus): void;
  /** @param rate units a second; 0 is unknown */
  progress(done: number, total: number, rate: number): void;
  log(severity: "info" | "warning", message: string): void;
  file(file: RunFile): void;
  /** A picture of what the network can do now, PNG. */
  preview(png: Uint8Array, done: number): void;
}
