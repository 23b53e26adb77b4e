/** @file WatchJob: the job, then its events as they happen, until it is final. */
import type { WatchJobResponse } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Changes } from "./changes.js";
import { isFinal } from "./life-cycle.js";
import type { JobStore } from "./store/job-store.js";

/** Events read at once. */
const PAGE = 200;

/**
 * First the job as it is, last the job in a final state.
 * @param after sequence number; undefined means only new events
 * @throws DomainError RESOURCE_NOT_FOUND, OFFSET_OUT_OF_RANGE beyond the last event; the signal's reason
 */
export async function* watchJob(
  store: JobStore,
  changes: Changes,
  name: string,
  after: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchJobResponse> {
  const { job } = await store.get(name);
  const last = job.lastSequence;
  if (after !== undefined && after > last)
    throw new DomainError("OFFSET_OUT_OF_RANGE", `after_sequence is ${after}; the last event of ${name} is ${last}`, {
      field: "after_sequence",
      metadata: { last: Number(last) },
    });
  let at = after ?? last;
  yield { sequence: at, time: new Date(), event: { $case: "job", value: job } };
  if (isFinal(job.state) && at === last) return;
  for (;;) {
    signal.throwIfAborted();
    using change = changes.next(name, signal);
    const events = await store.events(name, at, PAGE);
    for (const event of events) {
      yield event;
      at = event.sequence;
      const isEnd = event.event?.$case === "job" && isFinal(event.event.value.state);
      if (isEnd && (await store.get(name)).job.lastSequence === at) return;
    }
    if (events.length === 0) {
      await store.get(name); // it may have been deleted
      await change.happened;
    }
  }
}
