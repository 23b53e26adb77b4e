/** @file Jobs as people and scripts see them. */
import { type Job, JobState, toMilliseconds } from "@tandem/contracts";

/** A state as it is written: RUNNING. */
export const stateName = (state: JobState): string => (JobState[state] ?? "UNKNOWN").replace("JOB_STATE_", "");

/** A job as results show it. */
export function describeJob(job: Job) {
  const { progress } = job;
  return {
    name: job.name,
    state: stateName(job.state),
    kind: job.spec?.kind?.$case ?? null,
    title: job.settings?.displayName || null,
    attempt: job.attempt,
    done: progress?.done ?? null,
    total: progress?.total || null,
    unit: progress?.unit ?? null,
    perSecond: progress?.rate || null,
    leftMs: progress?.eta ? toMilliseconds(progress.eta) : null,
    created: job.createTime?.toISOString() ?? null,
    ended: job.endTime?.toISOString() ?? null,
    error: job.error?.message ?? null,
  };
}

/** How far a job is, in words. */
export function progressOf({ done, total, unit }: ReturnType<typeof describeJob>): string {
  if (done === null) return "-";
  return total === null ? `${done} ${unit}` : `${done}/${total} ${unit}`;
}
