/** @file Typed clients whose calls reject with domain errors. */
import { invalid } from "@tandem/errors";
import {
  type Client as BareClient,
  type CallOptions as BareOptions,
  type ClientMiddleware,
  createClientFactory,
  type DefaultCallOptions,
  Metadata,
  type NormalizedServiceDefinition,
  Status,
  type TsProtoServiceDefinition,
} from "nice-grpc";
import { type DeadlineOptions, deadlineMiddleware } from "nice-grpc-client-middleware-deadline";
import { type RetryOptions, retryMiddleware } from "nice-grpc-client-middleware-retry";
import { errorDetailsClientMiddleware } from "nice-grpc-error-details";
import type { Channel } from "./channel.js";
import { fast } from "./codec.js";
import { fromClientError } from "./error-mapping.js";
import { lostConnections } from "./lost-connection.js";
import { spanMiddleware } from "./tracing.js";

type Extra = RetryOptions & DeadlineOptions;

/** Options of a call: `signal` cancels it, `deadline` (a Date, or milliseconds from now) ends it, `retry: false` tries once. */
export type CallOptions = BareOptions & Extra;

/** A client: methods of the service, streams as async iterables. */
export type Client<D extends TsProtoServiceDefinition> = BareClient<D, Extra>;

const MAX_DEADLINE_MS = 2 ** 31 - 1; // what a timer can wait: 24 days

/**
 * A client for one service of a server. Calls reject with
 * - DomainError, as the server raised it (reason, field, resource, metadata, retryAfterMs), or SERVER_UNAVAILABLE naming the server;
 * - the reason of their `signal` (an AbortError unless its owner said otherwise) once that has aborted;
 * - a DOMException named TimeoutError when their deadline has passed;
 * - a plain Error naming the server for a bug on its side (INTERNAL without reason).
 *
 * Unary calls are tried twice when the server is UNAVAILABLE and the contract calls them idempotent (idempotency_level), or the
 * request carries a `request_id`.
 * @param defaults options by method name, or "*" for all
 */
export function createClient<D extends TsProtoServiceDefinition>(
  definition: D,
  channel: Channel,
  defaults: DefaultCallOptions<NormalizedServiceDefinition<D>, Extra> = {},
): Client<D> {
  const factory = createClientFactory().use(lostConnections);
  const spans = spanMiddleware();
  return (spans ? factory.use(spans.client) : factory)
    .use(errorDetailsClientMiddleware)
    .use(retryMiddleware)
    .use(retryPolicy)
    .use(deadlineMiddleware)
    .use(callHeaders(channel.token))
    .use(domainErrors(channel.name))
    .create(fast(definition), channel.grpc, defaults);
}

/** Outermost: from here on there are only domain errors, aborts and timeouts. */
function domainErrors(server: string): ClientMiddleware {
  return async function* domainErrors(call, options) {
    options.signal?.throwIfAborted();
    try {
      return yield* call.next(call.request, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw fromClientError(error, server);
    }
  };
}

/** The token, and the deadline for the server to see: the deadline middleware keeps it on this side. */
function callHeaders(token: string | undefined): ClientMiddleware<object, DeadlineOptions> {
  return async function* callHeaders(call, options) {
    const metadata = Metadata(options.metadata);
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    const { deadline } = options;
    if (deadline != null) {
      const ms = Math.ceil(deadline instanceof Date ? deadline.getTime() - Date.now() : deadline);
      if (!(ms <= MAX_DEADLINE_MS)) throw invalid("deadline", ms, `at most ${MAX_DEADLINE_MS} ms from now`);
      metadata.set("grpc-timeout", timeout(Math.max(ms, 1)));
    }
    return yield* call.next(call.request, { ...options, metadata });
  };
}

/** grpc-timeout: at most eight digits and a unit. */
function timeout(ms: number): string {
  return ms < 1e8 ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

/** Never twice what may have happened once: UNAVAILABLE only, and by the contract's idempotency. */
const retryPolicy: ClientMiddleware<object, RetryOptions> = async function* retryPolicy(call, options) {
  const idempotent = call.method.options.idempotencyLevel !== undefined || hasRequestId(call.request);
  return yield* call.next(call.request, {
    retry: idempotent,
    retryMaxAttempts: 1,
    retryBaseDelayMs: 200,
    retryMaxDelayMs: 2_000,
    retryableStatuses: [Status.UNAVAILABLE],
    ...options,
  });
};

function hasRequestId(request: unknown): boolean {
  const { requestId } = request as { requestId?: unknown };
  return typeof requestId === "string" && requestId !== "";
}
