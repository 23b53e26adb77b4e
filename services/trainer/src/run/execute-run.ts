/** @file One invocation of a run, from its folder to its end: takes the folder, finds where to go on, trains. */
import { ResumePolicy, TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { lockFolder } from "@tandem/jobs";
import { checkSameRun } from "./changes.js";
import { newestCheckpoint } from "./newest-checkpoint.js";
import { beginning, type RunPosition } from "./position.js";
import { RunFolder } from "./run-folder.js";
import type { RunKind, RunResources } from "./run-kind.js";
import { readRunOptions, writeRunOptions } from "./run-options.js";
import type { Trainee } from "./trainee.js";
import { type RunEnd, TrainingRun } from "./training-run.js";

/** What to train. */
export interface RunRequest {
  /** Resolved: every field present. */
  readonly spec: TrainingSpec;
  /** An existing folder. */
  readonly folder: string;
  /** Local path of `start_from`, if there is one. */
  readonly startFrom?: string | undefined;
  /** Name of the run for provenance: the job. */
  readonly name: string;
}

/**
 * Trains until the run is complete or suspended. Run again, it goes on.
 * @param kind the row of the spec's kind
 * @throws DomainError OUTPUT_EXISTS, FIELD_INVALID, RESOURCE_NOT_FOUND (resume policy), what opening and training throw
 */
export async function executeRun(
  request: RunRequest,
  kind: RunKind,
  resources: RunResources,
  suspend: AbortSignal,
): Promise<RunEnd> {
  const { spec, name } = request;
  const { reporter } = resources;
  const folder = new RunFolder(request.folder, kind.stem);
  await using _mine = await lockFolder(folder.path);
  await checkFolder(folder, spec);
  await folder.removeLeftovers();
  await writeRunOptions(folder, spec);
  const { trainee, provenance, ...run } = await kind.open(spec, resources);
  await using _open = trainee;
  const from = await findStart(request, folder, kind, trainee, resources);
  return await new TrainingRun({
    ...run,
    trainee,
    folder,
    from,
    reporter,
    spec: TrainingSpec.toJSON(spec),
    provenance: { ...provenance, run: name },
  }).run(suspend);
}

/** Whether a folder may take this run. @throws DomainError OUTPUT_EXISTS, FIELD_INVALID, RESOURCE_NOT_FOUND */
export async function checkFolder(folder: RunFolder, spec: TrainingSpec): Promise<void> {
  const before = await readRunOptions(folder);
  if (before) checkSameRun(before, spec, folder.path);
  const hasCheckpoint = (await folder.checkpoints()).length > 0;
  if (spec.resume === ResumePolicy.RESUME_POLICY_NEVER && hasCheckpoint)
    throw new DomainError("OUTPUT_EXISTS", `${folder.path} holds checkpoints, and spec.resume is NEVER`, {
      field: "spec.resume",
      resource: folder.path,
    });
  if (spec.resume === ResumePolicy.RESUME_POLICY_REQUIRED && !hasCheckpoint)
    throw new DomainError("RESOURCE_NOT_FOUND", `${folder.path} holds no checkpoint, and spec.resume is REQUIRED`, {
      field: "spec.resume",
      resource: folder.path,
    });
}

/** The run's own newest checkpoint, or what it is to start from, or the beginning. */
async function findStart(
  { startFrom }: RunRequest,
  folder: RunFolder,
  kind: RunKind,
  trainee: Trainee,
  { reporter }: RunResources,
): Promise<RunPosition> {
  const checkpoint = await newestCheckpoint(folder, reporter);
  if (checkpoint) {
    await trainee.restore(checkpoint.tensors);
    return checkpoint.position;
  }
  if (startFrom === undefined) return beginning;
  const { position, state } = await kind.start(startFrom, trainee, reporter);
  await trainee.restore(state);
  return position;
}
