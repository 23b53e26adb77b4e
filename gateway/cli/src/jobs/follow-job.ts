/** @file A command's own job as it goes on, until it ends; Ctrl-C cancels it. */
import {
  type Job,
  type JobServiceDefinition,
  JobState,
  toMilliseconds,
  type WatchJobResponse,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Client } from "@tandem/rpc";
import type { Context } from "../context.js";
import type { Progress } from "../output/progress.js";
import { jobEvents } from "./events.js";

const [INFO, ERROR] = [1, 3];

type Event = NonNullable<WatchJobResponse["event"]>;

/** How a job is shown. */
export interface FollowOptions {
  /** What stands before the progress. */
  readonly title: string;
  /** Shows an event in its own way; true when it did. */
  readonly onEvent?: (event: Event) => boolean;
  /** Units of the progress that make one as it is shown, and its name; by default as the job tells. */
  readonly scale?: { readonly per: number; readonly unit: string };
  /** Whether a job that rests is an end like any other; else it is an error, for it has no result. */
  readonly mayRest?: boolean;
  /** Whether remarks are shown as well as warnings. */
  readonly isTalkative?: boolean;
}

/**
 * Shows progress, warnings and whatever `onEvent` takes; a connection that is lost is made again.
 * @returns the job, done; or at rest where that may be
 * @throws DomainError JOB_STATE with its reason when it failed or was paused; the signal's reason once it is cancelled
 */
export async function followJob(
  { output, signal }: Context,
  jobs: Client<typeof JobServiceDefinition>,
  name: string,
  { title, onEvent = () => false, scale, mayRest = false, isTalkative = false }: FollowOptions,
): Promise<Job> {
  let progress: Progress | undefined;
  let job: Job | undefined;
  let failure: string | undefined; // an error is told here unless the job ends with it: then whoever called tells it
  const cancel = () => void jobs.cancelJob({ name }).catch(() => {}); // lost against its end, or the service is gone
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  const show = (event: Event) => {
    if (event.$case === "progress" && event.value.total > 0n) {
      const { done, total, rate, eta, unit } = event.value;
      const per = scale?.per ?? 1;
      progress ??= output.progress(title, Math.round(Number(total) / per), scale?.unit ?? unit);
      const pace = { perSecond: rate / per, leftMs: eta && toMilliseconds(eta) };
      progress.update(Math.round(Number(done) / per), pace);
    } else if (event.$case === "log" && event.value.severity >= ERROR) failure = event.value.message;
    else if (event.$case === "log" && event.value.severity > INFO) output.note(`warning: ${event.value.message}`);
    else if (event.$case === "log" && isTalkative && !output.json) output.note(event.value.message);
  };
  try {
    const onLost = ({ message }: DomainError) => output.note(`${message}; waiting for it`);
    for await (const { event } of jobEvents(jobs, name, { onLost })) {
      if (event === undefined || onEvent(event)) continue;
      if (failure !== undefined && (event.$case !== "job" || !isFinal(event.value))) {
        output.note(`warning: ${failure}`);
        failure = undefined;
      }
      if (event.$case === "job") job = event.value;
      else show(event);
      if (job?.state !== JobState.JOB_STATE_PAUSED || signal.aborted) continue;
      if (mayRest) return job;
      throw new DomainError("JOB_STATE", `${name} was paused: tandem jobs resume goes on with it`, { resource: name });
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    progress?.stop();
  }
  signal.throwIfAborted();
  if (job?.state === JobState.JOB_STATE_SUCCEEDED) return job;
  throw new DomainError("JOB_STATE", job?.error?.message || `the job ended without a result (${job?.state})`);
}

const ends = [JobState.JOB_STATE_SUCCEEDED, JobState.JOB_STATE_FAILED, JobState.JOB_STATE_CANCELLED];
const isFinal = ({ state }: Job): boolean => ends.includes(state);
