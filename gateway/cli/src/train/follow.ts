/** @file A training job as it goes on, until it ends; Ctrl-C cancels it, which writes a checkpoint. */
import { fileURLToPath } from "node:url";
import {
  type Artifact,
  ArtifactKind,
  type Job,
  JobState,
  type TrainingStatus,
  toMilliseconds,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { jobEvents } from "../jobs/events.js";
import type { Progress } from "../output/progress.js";
import type { Trainer } from "./trainer.js";

const INFO = 1;

/**
 * Shows progress and statuses, and names every file.
 * @returns the job, done or at rest
 * @throws DomainError JOB_STATE with its reason when it failed; the signal's reason once it is cancelled
 */
export async function followTraining({ output, signal }: Context, { jobs }: Trainer, name: string): Promise<Job> {
  let progress: Progress | undefined;
  let job: Job | undefined;
  let counted = "images";
  const cancel = () => void jobs.cancelJob({ name }).catch(() => {}); // lost against its end, or the trainer is gone
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const { event } of jobEvents(jobs, name, {
      onLost: ({ message }) => output.note(`${message}; waiting for it`),
    })) {
      if (event?.$case === "progress") {
        const { done, total, unit, rate, eta } = event.value;
        counted = unit;
        progress ??= output.progress("train", Number(total), unit);
        progress.update(Number(done), { perSecond: rate, leftMs: eta && toMilliseconds(eta) });
      } else if (event?.$case === "trainingStatus")
        output.result({ kind: "status", ...event.value }, line(event.value, counted));
      else if (event?.$case === "artifact") output.result(...described(event.value));
      else if (event?.$case === "log" && (event.value.severity > INFO || !output.json))
        output.note(event.value.message);
      else if (event?.$case === "job") {
        job = event.value;
        if (job.state === JobState.JOB_STATE_PAUSED && !signal.aborted) return job;
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    progress?.stop();
  }
  signal.throwIfAborted();
  if (job?.state === JobState.JOB_STATE_SUCCEEDED) return job;
  throw new DomainError("JOB_STATE", job?.error?.message || `the run ended without a result (${job?.state})`);
}

function line(
  { nimg, tick, loss, learningRate, secondsPerKimg, nonfiniteGradients }: TrainingStatus,
  unit: string,
): string {
  const facts = [`tick ${tick}`, `nimg ${nimg}`, `loss ${loss.toPrecision(5)}`, `lr ${learningRate.toExponential(3)}`];
  facts.push(`${(1000 / secondsPerKimg).toPrecision(4)} ${unit}/s`);
  if (nonfiniteGradients > 0n) facts.push(`${nonfiniteGradients} gradient elements not finite`);
  return facts.join("  ");
}

const names: Partial<Record<ArtifactKind, string>> = {
  [ArtifactKind.ARTIFACT_KIND_SNAPSHOT]: "snapshot",
  [ArtifactKind.ARTIFACT_KIND_CHECKPOINT]: "checkpoint",
  [ArtifactKind.ARTIFACT_KIND_IMAGE]: "samples",
};

/** A file; its path where it lies on this machine. */
function described({ uri, displayName, kind, sizeBytes }: Artifact): [object, string] {
  const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri || displayName;
  return [{ kind: names[kind] ?? "file", path, sizeBytes }, path];
}
