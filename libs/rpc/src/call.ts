/** @file What a handler knows of its call beyond its request: id, deadline, peer, a signal with a reason, time spent. */
import { randomUUID } from "node:crypto";
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { type CallContext as BareContext, type CallOptions, Metadata, type ServerMiddleware } from "nice-grpc";
import { CallTiming, type Timing } from "./call-timing.js";

/** Metadata key of the request id: taken from the caller or made, in every log line, returned in the header. */
export const REQUEST_ID = "x-request-id";
const TRACE_PARENT = "traceparent";

/** Keys by which the interceptor hands its facts to the middleware; a client's own values are removed. */
const DEADLINE = "tandem-internal-deadline";
const PEER_NAME = "tandem-internal-peer-name";
const RECEIVED = "tandem-internal-received";

/** What every handler gets with its context. */
export interface CallInfo {
  readonly requestId: string;
  /** When the caller stops waiting; undefined: never. `signal` aborts then. */
  readonly deadline: Date | undefined;
  /** Common name of the client's certificate under mTLS. */
  readonly peerName: string | undefined;
  readonly timing: CallTiming;
}

/** Context of a call. `signal` aborts with an AbortError when the caller is gone, with a TimeoutError at the deadline. */
export type CallContext = BareContext & CallInfo;

/** Adds what nice-grpc's context lacks, as metadata that a client cannot forge. */
export const callFacts: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, forward) {
          for (const key of [DEADLINE, PEER_NAME, RECEIVED]) metadata.remove(key);
          metadata.set(RECEIVED, String(performance.now()));
          const name = call.getAuthContext().sslPeerCertificate?.subject?.CN;
          if (name) metadata.set(PEER_NAME, String(name));
          const deadline = Number(call.getDeadline());
          if (Number.isFinite(deadline)) metadata.set(DEADLINE, String(deadline));
          forward(metadata);
        },
      }),
  });

/** Extends the context of every call by CallInfo and a signal that says why it aborted. */
export const callInfo: ServerMiddleware<CallInfo> = async function* callInfo(call, context) {
  const { metadata } = context;
  const deadline = metadata.get(DEADLINE);
  const given = metadata.get(REQUEST_ID);
  const info: CallInfo = {
    requestId: given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID(),
    deadline: deadline === undefined ? undefined : new Date(Number(deadline)),
    peerName: metadata.get(PEER_NAME),
    timing: new CallTiming(Number(metadata.get(RECEIVED))),
  };
  for (const key of [DEADLINE, PEER_NAME, RECEIVED]) metadata.delete(key);
  context.header.set(REQUEST_ID, info.requestId);
  return yield* call.next(call.request, { ...context, ...info, signal: withReason(context.signal, info.deadline) });
};

/** Time that a handler spent waiting and computing for a call; call it as often as there is something to add. */
export function recordTiming(context: CallInfo, timing: Timing): void {
  context.timing.add(timing);
}

/**
 * Options for calls to other servers made on behalf of a call: they end when it ends, and carry its request id and trace. Never
 * its token: each server has its own.
 */
export function onBehalfOf(context: CallContext): CallOptions & { signal: AbortSignal; metadata: Metadata } {
  const metadata = Metadata({ [REQUEST_ID]: context.requestId });
  const trace = context.metadata.get(TRACE_PARENT);
  if (trace !== undefined) metadata.set(TRACE_PARENT, trace);
  return { signal: context.signal, metadata };
}

/** The caller's own clock may end the call this much before ours, milliseconds. */
const CLOCK_TOLERANCE_MS = 50;

/** nice-grpc aborts without a reason, be it a cancellation or the deadline; the clock tells them apart. */
function withReason(signal: AbortSignal, deadline: Date | undefined): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    const late = deadline !== undefined && Date.now() >= deadline.getTime() - CLOCK_TOLERANCE_MS;
    controller.abort(late ? new DOMException("the call's deadline has passed", "TimeoutError") : signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return controller.signal;
}
