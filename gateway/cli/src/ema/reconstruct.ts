/** @file A reconstruction from its request to the networks that it made. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import {
  ArtifactKind,
  EmaReconstructorServiceDefinition,
  type ReconstructionResult,
  type ReconstructionSpec,
} from "@tandem/contracts";
import type { Context } from "../context.js";
import { followJob } from "../jobs/follow-job.js";
import { JobServer } from "../jobs/job-server.js";

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

/** Opens an EMA reconstructor. @param roots what one of our own may read and write @throws DomainError as JobServer.open */
export const openReconstructor = (context: Context, roots: readonly string[]): Promise<JobServer> =>
  JobServer.open(context, "ema-reconstructor", roots);

/**
 * Makes the networks of a request, showing progress by bytes; Ctrl-C leaves whole outputs only.
 * @returns them in order of EMA length, and the path of the report
 * @throws DomainError of the request; JOB_STATE with its reason when the job failed; the signal's reason once it is cancelled
 */
export async function reconstructNetworks(
  context: Context,
  server: JobServer,
  spec: ReconstructionSpec,
): Promise<{ networks: MadeNetwork[]; report: string }> {
  const reconstructor = server.client(EmaReconstructorServiceDefinition);
  const request = { requestId: randomUUID(), spec };
  const { job: created } = await reconstructor.createReconstructionJob(request, { signal: context.signal });
  const paths = new Map<string, string>();
  let report = "";
  const { result } = await followJob(context, server.jobs, created!.name, {
    title: "reconstruct",
    scale: { per: 1e6, unit: "MB" },
    onEvent(event) {
      if (event.$case !== "artifact") return false;
      const { name, kind, uri } = event.value;
      const path = uri.startsWith("file:") ? fileURLToPath(uri) : uri;
      if (kind === ArtifactKind.ARTIFACT_KIND_REPORT) report = path;
      paths.set(name, path);
      return true;
    },
  });
  const { models } = result!.kind!.value as ReconstructionResult;
  const networks = models.map(({ profile, artifact, skipped, fitError, warnings }) => {
    const { nimg, std } = profile!;
    return { path: paths.get(artifact) ?? artifact, nimg: Number(nimg), std, fitError, skipped, warnings };
  });
  return { networks, report };
}
