/** @file What every store refuses, in the same words. */
import { DomainError } from "@tandem/errors";

/** Long work frees a place after minutes rather than seconds. */
const RETRY_AFTER_MS = 30_000;

export function missing(name: string): DomainError {
  return new DomainError("RESOURCE_NOT_FOUND", `${name} does not exist`, { resource: name });
}

export function reused(requestId: string): DomainError {
  const message = `request_id ${requestId} belongs to another request; take a new one for other content`;
  return new DomainError("REQUEST_ID_REUSED", message, { field: "request_id" });
}

export function queueFull(waiting: number): DomainError {
  return new DomainError("QUEUE_FULL", `${waiting} jobs wait already; try again later`, {
    retryAfterMs: RETRY_AFTER_MS,
    metadata: { max: waiting },
  });
}
