/** @file The events of a job, also across lost connections. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobServiceDefinition, WatchJobResponse } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Client } from "@tandem/rpc";

/** A server that is started again is back within seconds; one that stays away longer is reported. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

/**
 * Watches a job until it is final, from the event after `after`; a connection that is lost is made again, and nothing is told twice.
 * @throws DomainError SERVER_UNAVAILABLE when the server stays away for a minute, RESOURCE_NOT_FOUND; the signal's reason
 */
export async function* jobEvents(
  jobs: Client<typeof JobServiceDefinition>,
  name: string,
  { after = 0n, signal, onLost }: { after?: bigint; signal?: AbortSignal; onLost?: (error: DomainError) => void } = {},
): AsyncGenerator<WatchJobResponse> {
  let at = after;
  let hasBegun = false;
  let lostAt: number | undefined;
  for (;;) {
    try {
      let isFirst = true;
      for await (const event of jobs.watchJob({ name, afterSequence: at }, signal ? { signal } : {})) {
        lostAt = undefined;
        if (!isFirst || !hasBegun) yield event;
        hasBegun = true;
        isFirst = false;
        at = event.sequence;
      }
      return;
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== "SERVER_UNAVAILABLE") throw error;
      if (lostAt === undefined) onLost?.(error);
      lostAt ??= Date.now();
      if (Date.now() - lostAt > PATIENCE_MS) throw error;
      await sleep(PAUSE_MS, undefined, signal ? { signal } : {});
    }
  }
}
