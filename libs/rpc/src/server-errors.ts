/** @file What a handler throws, as the status that its caller sees; bugs are logged here and told without their text. */
import { DomainError } from "@tandem/errors";
import { isAbortError } from "abort-controller-x";
import { ServerError, type ServerMiddleware, Status } from "nice-grpc";
import type { Logger } from "pino";
import type { CallInfo } from "./call.js";
import { toServerError } from "./error-mapping.js";

/** Maps errors of all handlers. Anything unexpected is INTERNAL "internal error", with its stack in the log. */
export function serverErrors(logger: Logger): ServerMiddleware<object, CallInfo> {
  return async function* serverErrors(call, context) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError || isAbortError(error)) throw error;
      if (error instanceof DomainError) throw toServerError(error);
      if (isTimeout(error)) throw new ServerError(Status.DEADLINE_EXCEEDED, error.message);
      logger.error({ err: error, method: call.method.path, requestId: context.requestId }, "internal error");
      throw new ServerError(Status.INTERNAL, "internal error");
    }
  };
}

function isTimeout(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "TimeoutError";
}
