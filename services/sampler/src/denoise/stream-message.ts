/** @file The order of a stream's messages: `open` once, then steps. */
import type { DenoiseSession, DenoiseStep, DenoiseStreamRequest } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";

/** The settings in the first message. @throws DomainError PROTOCOL_VIOLATION */
export function toOpen(first: IteratorResult<DenoiseStreamRequest>): DenoiseSession {
  if (first.done) throw violation("the stream ended before `open`");
  const { message } = first.value;
  if (message?.$case === "open") return message.value;
  throw violation(`the first message is ${message ? "`step`" : "empty"}; it must be \`open\``);
}

/** The step in a later message. @throws DomainError PROTOCOL_VIOLATION */
export function toStep({ message }: DenoiseStreamRequest): DenoiseStep {
  if (message?.$case === "step") return message.value;
  throw violation(message ? "`open` came twice; open another stream instead" : "a message is empty; it must be `step`");
}

function violation(message: string): DomainError {
  return new DomainError("PROTOCOL_VIOLATION", message, { field: "message" });
}
