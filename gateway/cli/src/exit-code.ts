/** @file The one place where a failure becomes an exit code. */
import { DomainError, type ErrorKind, type Reason } from "@tandem/errors";
import { isOutputError } from "./output/output-error.js";

/** What scripts may rely on. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  denied: 4,
  unavailable: 5,
  interrupted: 130,
} as const;

const byKind: Record<ErrorKind, number> = {
  invalid: exitCodes.usage,
  missing: exitCodes.missing,
  conflict: exitCodes.failed,
  state: exitCodes.failed,
  denied: exitCodes.denied,
  busy: exitCodes.failed,
  damaged: exitCodes.failed,
  range: exitCodes.failed,
  aborted: exitCodes.failed,
  unavailable: exitCodes.unavailable,
  broken: exitCodes.failed,
  unsupported: exitCodes.failed,
};

/** Invalid, but for what a file holds rather than for how the command was written. */
const byReason: Partial<Record<Reason, number>> = {
  UNSAFE_FILE: exitCodes.failed,
  TENSOR_SIZE_MISMATCH: exitCodes.failed,
  SHAPE_MISMATCH: exitCodes.failed,
  DATA_TYPE_UNSUPPORTED: exitCodes.failed,
};

/** Exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof DomainError && isOutputError(error)) return exitCodes.failed;
  if (error instanceof DomainError) return byReason[error.reason] ?? byKind[error.kind];
  if (error instanceof Error && error.name === "AbortError") return exitCodes.interrupted;
  return exitCodes.failed;
}
