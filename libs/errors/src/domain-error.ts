/** @file The one error class: everything that Tandem refuses or fails at, on purpose, is a DomainError. */
import { type ErrorKind, type Reason, reasons } from "./reasons.js";

/** Facts beside the message; all optional. */
export interface ErrorDetails {
  /** The request field at fault, by its path in the contract, e.g. `sampling.schedule.num_steps`. */
  field?: string;
  /** The resource that is missing or at fault, e.g. `models/net`. */
  resource?: string;
  /** Machine-readable facts: `expected`, `actual`, `max`, `server`, ... as error.proto lists them. */
  metadata?: Record<string, string | number>;
  /** For `busy`: when to try again, milliseconds. */
  retryAfterMs?: number;
  /** What caused it. Logged, never sent. */
  cause?: unknown;
}

/**
 * An expected failure. The message is for people: what is wrong, with which value, and what is allowed or to be done.
 * Anything else that is thrown is a bug and is reported without its text.
 */
export class DomainError extends Error {
  readonly reason: Reason;
  readonly details: ErrorDetails;

  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "DomainError";
    this.reason = reason;
    this.details = details;
  }

  /** What the failure means to whoever asked. */
  get kind(): ErrorKind {
    return reasons[this.reason];
  }
}

/** A field out of its range: names field, value and what is allowed. */
export function invalid(field: string, value: unknown, allowed: string): DomainError {
  return new DomainError("FIELD_INVALID", `${field} is ${show(value)}; it must be ${allowed}`, { field });
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
