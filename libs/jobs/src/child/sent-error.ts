/** @file Errors between processes. */
import { DomainError } from "@tandem/errors";
import type { SentError } from "./child-messages.js";

/** An error to send. */
export function sendError(error: unknown): SentError {
  if (error instanceof DomainError) {
    const { cause: _, ...details } = error.details;
    return { reason: error.reason, message: error.message, details };
  }
  return error instanceof Error
    ? { message: error.message, ...(error.stack !== undefined && { stack: error.stack }) }
    : { message: String(error) };
}

/** The error that was sent. */
export function receiveError({ reason, message, details, stack }: SentError): Error {
  if (reason !== undefined) return new DomainError(reason, message, details);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
