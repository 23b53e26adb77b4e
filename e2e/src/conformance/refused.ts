/** @file Errors as the contract wants them: status code, ErrorInfo, and the facts beside it. */
import { DomainError, type ErrorDetails, type Reason } from "@tandem/errors";
import { statusOf } from "@tandem/rpc";
import { ErrorInfo, RichClientError } from "nice-grpc-error-details";
import { expects } from "./check.js";

/** What must come with a reason. */
export interface Refusal {
  /** Keys of ErrorInfo.metadata, with the value where it is known. */
  readonly metadata?: Readonly<Record<string, string | number | undefined>>;
  /** The field that BadRequest names, by the end of its path without indices. */
  readonly field?: string;
}

/** What the metadata of the reason must have, whatever it is about; from error.proto. */
const facts: Partial<Record<Reason, readonly string[]>> = {
  TENSOR_SIZE_MISMATCH: ["expected", "actual"],
  SHAPE_MISMATCH: ["expected", "actual"],
  DATA_TYPE_UNSUPPORTED: ["supported"],
  BATCH_TOO_LARGE: ["max"],
  LABEL_OUT_OF_RANGE: ["label_dim"],
};

/** The call is refused for one of the reasons. @throws Error saying what came instead */
export async function refused(
  call: Promise<unknown>,
  reasons: Reason | readonly Reason[],
  { metadata = {}, field }: Refusal = {},
): Promise<void> {
  const wanted = [reasons].flat();
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expects(error !== undefined, `was answered; ${wanted.join(" or ")} was to be expected`);
  const { reason, details } = explained(error, wanted);
  const given: Record<string, string | number> = details.metadata ?? {};
  for (const key of facts[reason] ?? []) expects(key in given, `${reason} has no ${key} in its metadata`);
  for (const [key, value] of Object.entries(metadata))
    expects(String(given[key]) === String(value), `${reason} says ${key} ${given[key]}, not ${value}`);
  if (reason === "FIELD_INVALID")
    expects(details.field !== undefined, "FIELD_INVALID names no field (google.rpc.BadRequest)");
  if (reason === "RESOURCE_NOT_FOUND")
    expects(details.resource !== undefined, "RESOURCE_NOT_FOUND names no resource (google.rpc.ResourceInfo)");
  if (field && details.field !== undefined)
    expects(
      details.field.replace(/\[\d*\]/g, "").endsWith(field),
      `the field at fault is ${details.field}, not ${field}`,
    );
}

/** The error, if the server itself gave one of the reasons and its status. */
function explained(error: unknown, wanted: readonly Reason[]): { reason: Reason; details: ErrorDetails } {
  const expected = wanted.join(" or ");
  expects(error instanceof DomainError, `${expected} was to be expected, not: ${describe(error)}`);
  const { reason, details } = error;
  const { cause } = details;
  const isExplained = cause instanceof RichClientError && cause.extra.some(({ $type }) => $type === ErrorInfo.$type);
  expects(isExplained, `${expected} was to be expected, but ErrorInfo is missing: ${error.message}`);
  expects(wanted.includes(reason), `${expected} was to be expected, not ${reason}: ${error.message}`);
  expects(cause.code === statusOf(reason), `${reason} came with status code ${cause.code}, not ${statusOf(reason)}`);
  return { reason, details };
}

/** Whether a call ended in this way: AbortError, TimeoutError. By name, since inside of Jest a DOMException is no Error. */
export function isNamed(error: unknown, name: string): boolean {
  return typeof error === "object" && error !== null && "name" in error && error.name === name;
}

/** An error in one line. */
export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
