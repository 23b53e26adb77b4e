/** @file An output that cannot be written: the command has failed, whatever the file system's reason was. */
import { DomainError } from "@tandem/errors";

const outputs = ["--outdir", "--grid", "--dest"];

/** The same error, marked with the option that named the output. */
export function outputError(option: string, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  return new DomainError(error.reason, `${option}: ${error.message}`, {
    ...error.details,
    field: option,
    cause: error,
  });
}

/** Whether an error is about an output rather than about what was asked for. */
export const isOutputError = (error: DomainError): boolean => outputs.includes(error.details.field ?? "");
