/** @file A change to a job as the job afterwards and the numbered events that tell of it. */
import type { Job, WatchJobResponse } from "@tandem/contracts";
import { isFinal } from "../life-cycle.js";
import type { JobChange, JobEvent } from "./job-store.js";

/** The job after a change. A new state is an event, after those of the change. */
export function applied(before: Job, change: JobChange, now: Date): { job: Job; events: WatchJobResponse[] } {
  const job: Job = { ...before, ...change.job, updateTime: now };
  const events: WatchJobResponse[] = [];
  const tell = (event: JobEvent) => {
    job.lastSequence++;
    events.push({ sequence: job.lastSequence, time: now, event });
  };
  for (const event of change.events ?? []) tell(event);
  if (job.state === before.state) return { job, events };
  job.endTime = isFinal(job.state) ? now : undefined;
  tell({ $case: "job", value: job });
  return { job, events };
}
