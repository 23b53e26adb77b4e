/** @file A dataset job as it goes on, until it ends; Ctrl-C cancels it, which leaves no dataset behind. */
import { randomUUID } from "node:crypto";
import { type DatasetResult, type DatasetSpec, type Job, JobState, toMilliseconds } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { jobEvents } from "../jobs/events.js";
import type { Progress } from "../output/progress.js";
import type { DatasetBuilder } from "./builder.js";

const [INFO, ERROR] = [1, 3];

/**
 * Has a job done, showing progress.
 * @param title what stands before the progress
 * @throws DomainError of the request; of the job when it failed; the signal's reason once it is cancelled
 */
export async function datasetJob(
  { output, signal }: Context,
  { builder, jobs }: DatasetBuilder,
  title: string,
  spec: DatasetSpec,
): Promise<DatasetResult> {
  const { job: created } = await builder.createDatasetJob({ requestId: randomUUID(), spec }, { signal });
  const { name } = created!;
  let progress: Progress | undefined;
  let job: Job | undefined;
  let failure: string | undefined; // told here unless the job ends with it, which is told by whoever called
  const cancel = () => void jobs.cancelJob({ name }).catch(() => {}); // lost against its end, or the service is gone
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const onLost = ({ message }: DomainError) => output.note(`${message}; waiting for it`);
    for await (const { event } of jobEvents(jobs, name, { onLost })) {
      if (event?.$case === "progress" && event.value.total > 0n) {
        const { done, total, rate, eta, unit } = event.value;
        progress ??= output.progress(title, Number(total), unit);
        progress.update(Number(done), { perSecond: rate, leftMs: eta && toMilliseconds(eta) });
      } else if (event?.$case === "log" && event.value.severity > INFO) {
        if (failure !== undefined) output.note(`warning: ${failure}`);
        failure = event.value.severity >= ERROR ? event.value.message : undefined;
        if (failure === undefined) output.note(`warning: ${event.value.message}`);
      } else if (event?.$case === "job") job = event.value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    progress?.stop();
  }
  signal.throwIfAborted();
  if (job?.state === JobState.JOB_STATE_SUCCEEDED) return job.result!.kind!.value as DatasetResult;
  throw new DomainError("JOB_STATE", job?.error?.message || `the job ended without a result (${job?.state})`);
}
