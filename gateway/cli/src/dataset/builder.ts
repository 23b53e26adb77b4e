/** @file The dataset builder that a command talks to, and a job from its request to its result. */
import { randomUUID } from "node:crypto";
import {
  DatasetBuilderServiceDefinition,
  type DatasetInfo,
  type DatasetResult,
  type DatasetSpec,
} from "@tandem/contracts";
import type { Context } from "../context.js";
import { followJob } from "../jobs/follow-job.js";
import { JobServer } from "../jobs/job-server.js";

/** Opens a builder. @param roots what one of our own may read and write @throws DomainError as JobServer.open */
export const openBuilder = (context: Context, roots: readonly string[]): Promise<JobServer> =>
  JobServer.open(context, "dataset-builder", roots, { args: ["--device", context.options.device] });

/** A dataset at a glance. @throws DomainError of the request */
export async function inspectDataset({ signal }: Context, server: JobServer, uri: string): Promise<DatasetInfo> {
  const { info } = await server.client(DatasetBuilderServiceDefinition).inspectDataset({ source: { uri } }, { signal });
  return info!;
}

/**
 * Has a job done, showing progress; Ctrl-C cancels it, which leaves no dataset behind.
 * @param title what stands before the progress
 * @throws DomainError of the request; of the job when it failed or was paused; the signal's reason once it is cancelled
 */
export async function datasetJob(
  context: Context,
  server: JobServer,
  title: string,
  spec: DatasetSpec,
): Promise<DatasetResult> {
  const builder = server.client(DatasetBuilderServiceDefinition);
  const { job } = await builder.createDatasetJob({ requestId: randomUUID(), spec }, { signal: context.signal });
  const { result } = await followJob(context, server.jobs, job!.name, { title });
  return result!.kind!.value as DatasetResult;
}
