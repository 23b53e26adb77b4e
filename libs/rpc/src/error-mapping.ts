/**
 * @file DomainError to gRPC status and back: the one place that knows both.
 *
 * On the wire: the status of the reason's kind, ErrorInfo (domain "tandem.v1"), BadRequest for a field, ResourceInfo for a
 * resource, RetryInfo for a wait. Two outcomes are not domain errors and keep the platform's names on both sides: AbortError
 * (cancelled, CANCELLED) and TimeoutError (deadline, DEADLINE_EXCEEDED), both as AbortSignal gives them.
 */
import { Metadata as GrpcMetadata, type StatusObject } from "@grpc/grpc-js";
import { Status as StatusMessage } from "@tandem/contracts";
import { DomainError, type ErrorDetails, type ErrorKind, type Reason, reasons } from "@tandem/errors";
import { ClientError, Status } from "nice-grpc";
import {
  BadRequest,
  ErrorInfo,
  ResourceInfo,
  RetryInfo,
  RichClientError,
  RichServerError,
} from "nice-grpc-error-details";

const DOMAIN = "tandem.v1";
/** The details that we send. */
type Detail = ErrorInfo | BadRequest | ResourceInfo | RetryInfo;

/** Longest message and metadata value sent, characters: trailers must fit the peer's header limit (8 KiB in most stacks). */
const MAX_TEXT = 1000;

const statusOfKind = {
  invalid: Status.INVALID_ARGUMENT,
  missing: Status.NOT_FOUND,
  conflict: Status.ALREADY_EXISTS,
  state: Status.FAILED_PRECONDITION,
  denied: Status.PERMISSION_DENIED,
  busy: Status.RESOURCE_EXHAUSTED,
  damaged: Status.DATA_LOSS,
  range: Status.OUT_OF_RANGE,
  aborted: Status.ABORTED,
  unavailable: Status.UNAVAILABLE,
  broken: Status.INTERNAL,
  unsupported: Status.UNIMPLEMENTED,
} as const satisfies Record<ErrorKind, Status>;

/** Statuses that mean one reason even when the server names none: other implementations, gRPC itself. */
const reasonOfStatus: Partial<Record<Status, Reason>> = {
  [Status.INVALID_ARGUMENT]: "FIELD_INVALID",
  [Status.NOT_FOUND]: "RESOURCE_NOT_FOUND",
  [Status.RESOURCE_EXHAUSTED]: "LIMIT_EXCEEDED",
  [Status.UNIMPLEMENTED]: "NOT_SUPPORTED",
  [Status.UNAVAILABLE]: "SERVER_UNAVAILABLE",
  // Not by us, or it would be an AbortError: the server went down with the call in progress.
  [Status.CANCELLED]: "SERVER_UNAVAILABLE",
  [Status.UNAUTHENTICATED]: "TOKEN_REFUSED",
};

/** The gRPC status of a reason. */
export function statusOf(reason: Reason): Status {
  return reason === "TOKEN_REFUSED" ? Status.UNAUTHENTICATED : statusOfKind[reasons[reason]];
}

/** A domain error as it goes over the wire. Its cause stays here. */
export function toServerError(error: DomainError): RichServerError {
  return new RichServerError(statusOf(error.reason), shorten(error.message), detailsOf(error));
}

function detailsOf(error: DomainError): Detail[] {
  const { field, resource, metadata = {}, retryAfterMs } = error.details;
  const message = shorten(error.message);
  const info: ErrorInfo = ErrorInfo.fromPartial({ reason: error.reason, domain: DOMAIN, metadata: texts(metadata) });
  const details: Detail[] = [info];
  if (field !== undefined) details.push(BadRequest.fromPartial({ fieldViolations: [{ field, description: message }] }));
  if (resource !== undefined)
    details.push(ResourceInfo.fromPartial({ resourceName: shorten(resource), description: message }));
  if (retryAfterMs !== undefined)
    details.push(
      RetryInfo.fromPartial({
        retryDelay: { seconds: Math.trunc(retryAfterMs / 1000), nanos: Math.round((retryAfterMs % 1000) * 1e6) },
      }),
    );
  return details;
}

/** A domain error as the contract's messages carry it (google.rpc.Status): a job's error, a server's last error. */
export function toStatusMessage(error: DomainError): StatusMessage {
  const details = detailsOf(error).map((detail) => ({
    typeUrl: `type.googleapis.com/${detail.$type}`,
    value: encode(detail),
  }));
  return { code: statusOf(error.reason), message: shorten(error.message), details };
}

/** A domain error as the end of a call, for interceptors, which run outside of nice-grpc. */
export function toCallStatus(error: DomainError): StatusObject {
  const status = toStatusMessage(error);
  const metadata = new GrpcMetadata();
  metadata.set("grpc-status-details-bin", Buffer.from(StatusMessage.encode(status).finish()));
  return { code: status.code, details: status.message, metadata };
}

/**
 * What a failed call means to the caller.
 * @param error what nice-grpc rejected with
 * @param server name of the server, for people: it is in every message that is not the server's own
 * @returns DomainError where the contract has a reason; DOMException "TimeoutError" for an exceeded deadline; otherwise (a bug
 *   on the server, or an error of our own request stream) an error that names the server, or the very error
 */
export function fromClientError(error: unknown, server: string): unknown {
  if (!(error instanceof ClientError)) return error;
  if (error.code === Status.DEADLINE_EXCEEDED)
    return new DOMException(`${server} did not answer ${error.path} before the deadline`, "TimeoutError");
  const named = error instanceof RichClientError ? withReason(error) : undefined;
  if (named) return named;
  const reason = reasonOfStatus[error.code];
  if (!reason) return new Error(`${server}: ${error.message}`, { cause: error });
  const message = `${server} (${Status[error.code]}): ${error.details}`;
  return new DomainError(reason, message, { metadata: { server }, cause: error });
}

/** The error as the server raised it, when it says so. */
function withReason(error: RichClientError): DomainError | undefined {
  const details: ErrorDetails = { cause: error };
  let reason: Reason | undefined;
  for (const detail of error.extra) {
    switch (detail.$type) {
      case ErrorInfo.$type:
        if (detail.domain !== DOMAIN || !Object.hasOwn(reasons, detail.reason)) break;
        reason = detail.reason as Reason;
        if (Object.keys(detail.metadata).length > 0) details.metadata = detail.metadata;
        break;
      case BadRequest.$type: {
        const field = detail.fieldViolations[0]?.field;
        if (field !== undefined) details.field = field;
        break;
      }
      case ResourceInfo.$type:
        details.resource = detail.resourceName;
        break;
      case RetryInfo.$type:
        if (detail.retryDelay) details.retryAfterMs = detail.retryDelay.seconds * 1000 + detail.retryDelay.nanos / 1e6;
        break;
    }
  }
  return reason && new DomainError(reason, error.details, details);
}

function encode(detail: Detail): Uint8Array {
  switch (detail.$type) {
    case ErrorInfo.$type:
      return ErrorInfo.encode(detail).finish();
    case BadRequest.$type:
      return BadRequest.encode(detail).finish();
    case ResourceInfo.$type:
      return ResourceInfo.encode(detail).finish();
    case RetryInfo.$type:
      return RetryInfo.encode(detail).finish();
  }
}

function texts(metadata: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, shorten(String(value))]));
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text;
}
