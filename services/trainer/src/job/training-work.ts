/** @file A training job's work, in the process that trains. */
import type { JobEnd, JobReports } from "@tandem/jobs";
import { executeRun } from "../run/execute-run.js";
import { RunFolder } from "../run/run-folder.js";
import { type Kinds, kindOf } from "../run/run-kind.js";
import { RunReports } from "./run-reports.js";
import { execution, writeStatus } from "./status-message.js";
import type { TrainingInput } from "./training-input.js";

/**
 * Trains until the run is complete, or until it is to stop.
 * @param name of the job
 * @throws DomainError what `executeRun` throws
 */
export async function trainingWork(
  kinds: Kinds,
  input: TrainingInput,
  name: string,
  reports: JobReports,
  signal: AbortSignal,
): Promise<JobEnd<"training">> {
  const { spec, folder, startFrom, threads, dataset, autoencoder } = input;
  const kind = kindOf(kinds, spec);
  const computes = execution(threads);
  const reporter = new RunReports(reports, kind.unit, computes);
  const resources = { threads, dataset, autoencoder, reporter };
  const end = await executeRun({ spec, folder, startFrom, name }, kind, resources, signal);
  await reporter.settled();
  const newest = [...(await new RunFolder(folder, kind.stem).newestSnapshots()).values()];
  const snapshots = await Promise.all(newest.map((path) => reporter.artifact({ path, kind: "snapshot" })));
  const result = {
    nimg: BigInt(end.position.done),
    status: end.status && writeStatus(end.status, computes),
    snapshots: snapshots.flatMap((artifact) => artifact?.name ?? []),
  };
  if (end.kind === "complete") return { kind: "done", result };
  return { kind: "stopped", result, ...(end.reason !== "" && { reason: end.reason }) };
}
