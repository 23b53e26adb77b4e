/** @file A reconstruction job as it goes on, until its networks are there; Ctrl-C cancels it, which leaves whole outputs only. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  ArtifactKind,
  type Job,
  JobState,
  type ReconstructionResult,
  type ReconstructionSpec,
  toMilliseconds,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import type { Progress } from "../output/progress.js";
import type { Reconstructor } from "./reconstructor.js";

const INFO = 1;

/** A network that is there. */
export interface MadeNetwork {
  /** On this machine, or the URI. */
  readonly path: string;
  readonly nimg: number;
  readonly std: number;
  readonly fitError: number;
  readonly skipped: boolean;
  readonly warnings: readonly string[];
}

/**
 * Makes the networks of a request, showing progress by bytes.
 * @returns them in order of EMA length, and the path of the report
 * @throws DomainError of the request; JOB_STATE with its reason when the job failed; the signal's reason once it is cancelled
 */
export async function reconstructNetworks(
  context: Context,
  { reconstructor, jobs }: Reconstructor,
  spec: ReconstructionSpec,
): Promise<{ networks: MadeNetwork[]; report: string }> {
  const { output, signal } = context;
  const created = await reconstructor.createReconstructionJob({ requestId: randomUUID(), spec }, { signal });
  const { name } = created.job!;
  const paths = new Map<string, string>();
  let report = "";
  let progress: Progress | undefined;
  let job: Job | undefined;
  const cancel = () => void jobs.cancelJob({ name }).catch(() => {}); // lost against its end, or the service is gone
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const { event } of jobs.watchJob({ name, afterSequence: 0n })) {
      if (event?.$case === "progress" && event.value.total > 0n) {
        const { done, total, rate, eta } = event.value;
        progress ??= output.progress("reconstruct", megabytes(total), "MB");
        progress.update(megabytes(done), { perSecond: rate / 1e6, leftMs: eta && toMilliseconds(eta) });
      } else if (event?.$case === "artifact") {
        const { kind, uri } = event.value;
        const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
        if (kind === ArtifactKind.ARTIFACT_KIND_REPORT) report = path;
        paths.set(event.value.name, path);
      } else if (event?.$case === "log" && event.value.severity > INFO) output.note(`warning: ${event.value.message}`);
      else if (event?.$case === "job") job = event.value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    progress?.stop();
  }
  signal.throwIfAborted();
  if (job?.state !== JobState.JOB_STATE_SUCCEEDED)
    throw new DomainError("JOB_STATE", job?.error?.message || `the job ended without a result (${job?.state})`);
  const { models } = job.result!.kind!.value as ReconstructionResult;
  const networks = models.map(({ profile, artifact, skipped, fitError, warnings }) => {
    const { nimg, std } = profile!;
    return { path: paths.get(artifact) ?? artifact, nimg: Number(nimg), std, fitError, skipped, warnings };
  });
  return { networks, report };
}

const megabytes = (bytes: bigint): number => Math.round(Number(bytes) / 1e6);
