/** @file The error of a call to a model that cannot be called now. */
import { DomainError } from "@tandem/errors";

/** @param state as in ModelState, without its prefix */
export function notReady(name: string, state: string, cause?: Error): DomainError {
  const why = cause instanceof DomainError ? `: ${cause.message}` : "";
  const remedy = state === "LOADING" ? "wait until it is ready" : "LoadModel brings it into memory";
  return new DomainError("MODEL_NOT_READY", `${name} is ${state}${why}; ${remedy}`, {
    resource: name,
    metadata: { state: `MODEL_STATE_${state}` },
    cause,
  });
}
