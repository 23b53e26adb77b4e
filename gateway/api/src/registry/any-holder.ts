/** @file A call that changes nothing, sent to one holder of a model after the other until one answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type Reason } from "@tandem/errors";
import type { ModelServer } from "./model-server.js";
import type { Pool } from "./pool.js";
import type { Holder } from "./registry.js";

/** Errors that say nothing about the request: another holder may well answer. */
const ELSEWHERE: ReadonlySet<Reason> = new Set<Reason>([
  "SERVER_UNAVAILABLE",
  "MODEL_NOT_READY",
  "RESOURCE_NOT_FOUND",
  "OUT_OF_MEMORY",
  "QUEUE_FULL",
  "CHECKSUM_MISMATCH",
]);

/** Pause before full queues are tried again, when their servers name none. */
const BUSY_PAUSE_MS = 200;

/**
 * @param call  is told of the holder, and aborted when its server is lost
 * @throws DomainError the last holder's, naming its server, when nobody is left; the signal's reason
 */
export async function onAnyHolder<T>(
  pool: Pool,
  signal: AbortSignal,
  call: (holder: Holder, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tried = new Set<ModelServer>();
  let last: DomainError | undefined;
  for (;;) {
    signal.throwIfAborted();
    const holder = pool.holders().find(({ server }) => !tried.has(server));
    if (!holder && last?.reason === "QUEUE_FULL") {
      await sleep(last.details.retryAfterMs ?? BUSY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      tried.clear();
      continue;
    }
    if (!holder) throw last ?? pool.unavailable();
    try {
      return await onHolder(holder, signal, call);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DomainError && ELSEWHERE.has(error.reason))) throw error;
      last = error;
      tried.add(holder.server);
      void holder.server.refresh(); // what was known of it no longer holds
    }
  }
}

async function onHolder<T>(
  holder: Holder,
  signal: AbortSignal,
  call: (holder: Holder, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { server } = holder;
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const unsubscribe = server.onLost((error) => stop.abort(error));
  server.inFlight++;
  try {
    return await call(holder, stop.signal);
  } finally {
    server.inFlight--;
    unsubscribe();
    signal.removeEventListener("abort", abort);
  }
}
