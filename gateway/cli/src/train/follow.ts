/** @file A training job as it goes on, until it ends. */
import { fileURLToPath } from "node:url";
import { type Artifact, ArtifactKind, type Job, type TrainingStatus } from "@tandem/contracts";
import type { Context } from "../context.js";
import { followJob } from "../jobs/follow-job.js";
import { JobServer } from "../jobs/job-server.js";

/** Opens a trainer. @param roots what one of our own may read and write @throws DomainError as JobServer.open */
export const openTrainer = (context: Context, roots: readonly string[]): Promise<JobServer> =>
  JobServer.open(context, "trainer", roots);

/**
 * Shows progress and statuses, and names every file; Ctrl-C cancels the run, which writes a checkpoint.
 * @returns the job, done or at rest
 * @throws DomainError JOB_STATE with its reason when it failed; the signal's reason once it is cancelled
 */
export function followTraining(context: Context, { jobs }: JobServer, name: string): Promise<Job> {
  const { output } = context;
  let counted = "images";
  return followJob(context, jobs, name, {
    title: "train",
    mayRest: true,
    isTalkative: true,
    onEvent(event) {
      if (event.$case === "progress") counted = event.value.unit;
      if (event.$case === "artifact") output.result(...described(event.value));
      if (event.$case === "trainingStatus")
        output.result({ kind: "status", ...event.value }, line(event.value, counted));
      return event.$case === "artifact" || event.$case === "trainingStatus";
    },
  });
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
