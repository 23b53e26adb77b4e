/** @file Creating a job: once per request, resolved and checked before anything is kept. */
import { createHash } from "node:crypto";
import { type Job, type JobSettings, JobSpec, JobState } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { integer } from "@tandem/rpc";
import type { KindName, SpecOf } from "./job-kind.js";
import { newJobName } from "./names.js";
import type { CreationKey } from "./store/job-store.js";

/** A request to create a job, as all services of the contract have it. */
export interface Creation<K extends KindName = KindName> {
  readonly kind: K;
  /** Idempotency key; empty: none. */
  readonly requestId: string;
  /** The request as sent, encoded: one request id stands for one of these. */
  readonly request: Uint8Array;
  readonly settings: JobSettings | undefined;
  /** Only resolve: nothing is kept. */
  readonly validateOnly: boolean;
  /** The spec with presets expanded and defaults filled in. @throws DomainError for a spec that could not be done */
  resolve(): Promise<SpecOf<K>>;
}

const MAX_LOSSES = 3;
const settingsOf = (given: JobSettings | undefined): JobSettings => ({
  displayName: given?.displayName ?? "",
  labels: given?.labels ?? {},
  priority: given?.priority ?? 0,
  maxAttempts: given?.maxAttempts || MAX_LOSSES,
});

/** What tells requests apart. @throws DomainError FIELD_INVALID */
export function keyOf({ requestId, request }: Creation): CreationKey {
  if (requestId.length > 64) throw invalid("request_id", requestId, "at most 64 characters");
  return { requestId, digest: createHash("sha256").update(request).digest() };
}

/** Checks what every job can be given. @throws DomainError FIELD_INVALID */
export function checkSettings(settings: JobSettings | undefined): void {
  const { displayName, labels, maxAttempts } = settingsOf(settings);
  if (displayName.length > 256) throw invalid("settings.display_name", displayName, "at most 256 characters");
  const pairs = Object.entries(labels);
  integer(pairs.length, 0, 64, "settings.labels: their number");
  for (const [key, value] of pairs)
    if (key === "" || key.length > 63 || value.length > 63)
      throw invalid(`settings.labels.${key}`, value, "of at most 63 characters, key and value");
  integer(maxAttempts, 1, 1000, "settings.max_attempts");
}

/** A job as it is before its first attempt. */
export function newJob(creation: Creation, spec: unknown, pausable: boolean): Job {
  const { kind, requestId, settings } = creation;
  const now = new Date();
  return {
    name: newJobName(now.getTime()),
    state: JobState.JOB_STATE_QUEUED,
    settings: settingsOf(settings),
    spec: JobSpec.fromPartial({ kind: { $case: kind, value: spec } as never }),
    progress: undefined,
    error: undefined,
    result: undefined,
    attempt: 0,
    pausable,
    lastSequence: 0n,
    requestId,
    createTime: now,
    startTime: undefined,
    updateTime: now,
    endTime: undefined,
  };
}

/** A job that was only validated. */
export function unnamed(job: Job): Job {
  return { ...job, name: "", state: JobState.JOB_STATE_UNSPECIFIED, createTime: undefined, updateTime: undefined };
}
