/** @file What a process that does a job's work and the one that keeps the job say to each other. */
import type { Artifact } from "@tandem/contracts";
import type { ErrorDetails, Reason } from "@tandem/errors";
import type { JobEnd, JobReports } from "../job-kind.js";

/** Reports that need no answer. */
export type Report = Exclude<keyof JobReports, "artifact">;

/** From the process to its parent. */
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "report"; readonly report: Report; readonly values: readonly unknown[] }
  | { readonly kind: "artifact"; readonly id: number; readonly file: unknown }
  | { readonly kind: "end"; readonly end: JobEnd }
  | { readonly kind: "failed"; readonly error: SentError };

/** To the process. */
export type ToChild =
  | { readonly kind: "begin"; readonly input: unknown; readonly job: string; readonly attempt: number }
  | { readonly kind: "stop"; readonly reason: string }
  | { readonly kind: "kept"; readonly id: number; readonly artifact?: Artifact; readonly error?: SentError };

/** An error as it passes between processes; a bug has no reason. */
export interface SentError {
  readonly reason?: Reason;
  readonly message: string;
  readonly details?: Omit<ErrorDetails, "cause">;
  readonly stack?: string;
}
