/** @file A connection that breaks under a call is UNAVAILABLE, however grpc-js words it. */
import { ClientError, type ClientMiddleware, Status } from "nice-grpc";

/**
 * grpc-js reports some losses (the session closed by the other side, a write to a dead socket) as INTERNAL, "triggered by
 * internal client error": by its own account not the server's answer. Innermost, so that retries see it as what it is.
 */
export const lostConnections: ClientMiddleware = async function* lostConnections(call, options) {
  try {
    return yield* call.next(call.request, options);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== Status.INTERNAL) throw error;
    const [, cause] = error.details.split("triggered by internal client error: ");
    throw cause === undefined ? error : new ClientError(error.path, Status.UNAVAILABLE, `connection lost: ${cause}`);
  }
};
