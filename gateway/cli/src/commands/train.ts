/** @file `tandem train`: a diffusion network from a dataset. */
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Job, JobState, TrainerServiceDefinition, type TrainingResult } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Context } from "../context.js";
import { prepareFolder } from "../generate/image-files.js";
import { isLocal } from "../generate/model-reference.js";
import { followTraining, openTrainer } from "../train/follow.js";
import { type TrainOptions, trainOptions } from "../train/options.js";
import { describeTraining } from "../train/plan.js";
import { checkTrainOptions, inTrainOptions, toTrainingSpec } from "../train/spec.js";

export const train = {
  usage: "train",
  description: `A diffusion network from a dataset, into a run's folder: snapshots, checkpoints, samples, log.txt, stats.jsonl.

Run again, the command goes on from the newest whole checkpoint of the folder; Ctrl-C writes one first.`,
  example:
    "tandem train --outdir runs/digits --data digits.zip --preset edm2-img64-xs --channels 64 --batch 256 --duration 8Mi",
  options: trainOptions,
  async action(context: Context, options: TrainOptions) {
    checkTrainOptions(options);
    const { output, signal } = context;
    const { outdir = "", data = "", startFrom, autoencoder, dryRun } = options;
    const roots = await rootsOf(options);
    if (outdir !== "" && isLocal(outdir) && !dryRun) await prepareFolder("--outdir", outdir);
    await using trainer = await openTrainer(context, roots);
    const spec = toTrainingSpec(options, {
      output: outdir === "" ? "" : uriOf(outdir, true),
      dataset: uriOf(data, (await kindOf(data)) === "folder"),
      startFrom: startFrom === undefined ? undefined : uriOf(startFrom, false),
      autoencoder: autoencoder && (await isHere(autoencoder)) ? uriOf(autoencoder, false) : autoencoder,
    });
    try {
      const request = { requestId: randomUUID(), spec, validateOnly: dryRun };
      const { job } = await trainer.client(TrainerServiceDefinition).createTrainingJob(request, { signal });
      if (dryRun) return output.result(...describeTraining(job!));
      report(context, options, await followTraining(context, trainer, job!.name));
    } catch (error) {
      throw inTrainOptions(error);
    }
  },
};

/** Says how it ended. @throws DomainError OUT_OF_MEMORY when it rests for want of space */
function report({ output }: Context, { outdir = "", slice }: TrainOptions, job: Job): void {
  const { nimg, snapshots } = (job.result?.kind?.value ?? { nimg: 0n, snapshots: [] }) as TrainingResult;
  const isComplete = job.state === JobState.JOB_STATE_SUCCEEDED;
  if (!isComplete && slice === undefined)
    throw new DomainError(
      "OUT_OF_MEMORY",
      `${outdir}: the run rests after ${nimg} images, as said above; run it again`,
    );
  const end = isComplete ? `complete after ${nimg} images` : `slice done after ${nimg} images; run again for the next`;
  output.result(
    { kind: isComplete ? "done" : "slice", nimg, snapshots: snapshots.length, outdir },
    `${outdir}: ${end}`,
  );
}

/** Folders of this machine that the run touches. @throws DomainError RESOURCE_NOT_FOUND naming the option */
async function rootsOf({ outdir, data = "", startFrom, autoencoder }: TrainOptions): Promise<string[]> {
  const roots = new Set<string>();
  if (outdir !== undefined && isLocal(outdir)) roots.add(resolve(outdir));
  for (const [option, path] of Object.entries({ "--data": data, "--start-from": startFrom })) {
    if (path === undefined || !isLocal(path)) continue;
    if ((await kindOf(path)) === undefined)
      throw new DomainError("RESOURCE_NOT_FOUND", `${option}: there is no ${path}`, { resource: path });
    roots.add(dirname(resolve(path)));
  }
  if (autoencoder === undefined) return [...roots];
  if (await isHere(autoencoder)) roots.add(dirname(resolve(autoencoder)));
  else if (/^[.~/]|\.(safetensors|bin|pt)$/i.test(autoencoder))
    throw new DomainError("RESOURCE_NOT_FOUND", `--autoencoder: there is no ${autoencoder}`, { resource: autoencoder });
  return [...roots];
}

/** An autoencoder may be a name as well; what is there is meant. */
const isHere = async (text: string): Promise<boolean> => isLocal(text) && (await kindOf(text)) !== undefined;

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  if (!isLocal(path)) return "file";
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** A path as the trainer takes it; the URI of a folder ends in "/". */
function uriOf(path: string, isFolder: boolean): string {
  if (!isLocal(path)) return path;
  const { href } = pathToFileURL(resolve(path));
  return isFolder && !href.endsWith("/") ? `${href}/` : href;
}
