/** @file A request stream that was cut must not look complete to its handler. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { ServerMiddleware } from "nice-grpc";

/** END_STREAM and RST_STREAM of one cancellation arrive within a turn or two of the event loop. */
const CANCELLATION_FOLLOWS_MS = 10;

/**
 * Node's HTTP/2 client ends its side of a stream just before it resets it: a cancelled upload looks like a finished one for a
 * moment. The end is therefore passed on a moment later, and as an AbortError if the call was cancelled meanwhile.
 */
export const cancelledUploads: ServerMiddleware = async function* cancelledUploads(call, context) {
  if (!call.requestStream) return yield* call.next(call.request, context);
  const source = call.request;
  async function* requests() {
    yield* source;
    const { signal } = context;
    await sleep(CANCELLATION_FOLLOWS_MS, undefined, { signal });
    // In a busy process the timer comes before what already waits at the socket: let that be read first.
    for (let turn = 0; turn < 2; turn++) await nextTurn(undefined, { signal });
  }
  return yield* call.next(requests() as typeof source, context);
};
