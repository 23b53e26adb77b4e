/** @file One log line a call, and the count of calls in progress. */
import { isAbortError } from "abort-controller-x";
import { ServerError, type ServerMiddleware, Status } from "nice-grpc";
import type { Logger } from "pino";
import type { CallInfo } from "./call.js";
import { parts } from "./call-timing.js";

/** Calls whose handlers have not ended yet. */
export class CallCount {
  active = 0;
}

/** Logs every call at debug when it ends: method, code, milliseconds, and their parts where the handler recorded them. */
export function callLog(logger: Logger, count: CallCount): ServerMiddleware<object, CallInfo> {
  return async function* callLog(call, context) {
    count.active++;
    let code = Status.CANCELLED; // what it stays when the stream's reader leaves
    let message: string | undefined;
    try {
      const response = yield* call.next(call.request, context);
      code = Status.OK;
      return response;
    } catch (error) {
      if (error instanceof ServerError) {
        code = error.code;
        message = error.details;
      } else if (!isAbortError(error)) code = Status.UNKNOWN;
      throw error;
    } finally {
      count.active--;
      if (logger.isLevelEnabled("debug")) {
        const { requestId, timing, peer, peerName } = context;
        const times = parts
          .filter((part) => timing.totalMs[part] > 0)
          .map((part) => [part, round(timing.totalMs[part])]);
        logger.debug(
          {
            requestId,
            method: call.method.path,
            code: Status[code],
            ms: round(timing.elapsedMs()),
            ...Object.fromEntries(times),
            peer,
            peerName,
            message,
          },
          "call",
        );
      }
    }
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
