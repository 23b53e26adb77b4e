/** @file `tandem toy train`: a network of the 2D toy. */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ToyTraining, TrainerServiceDefinition, type TrainingResult, TrainingSpec } from "@tandem/contracts";
import { type Command, Option } from "commander";
import type { Context } from "../context.js";
import { prepareFolder } from "../generate/image-files.js";
import { finite, integer, notNegative, oneOf, positive } from "../option-values.js";
import { followTraining, openTrainer } from "../train/follow.js";

interface ToyOptions {
  outdir: string;
  cls: string;
  layers: number;
  dim: number;
  batch: number;
  iters: number;
  PMean: number;
  PStd: number;
  lr: number;
  decay: number;
  emaStd: number;
  snapshot: number;
  viz: number;
  seed: number;
  dryRun: boolean;
}

export const toyTrain = {
  usage: "train",
  description: `A network of the 2D toy, into a run's folder: snapshots, pictures, checkpoints, log.txt, stats.jsonl.

It learns the density of a fractal tree of Gaussians, by its score. Run again, it goes on; Ctrl-C writes a checkpoint first.`,
  example: "tandem toy train --outdir runs/toy-net --cls A --layers 4 --dim 64",
  options: (command: Command) =>
    command
      .requiredOption("--outdir <folder>", "the run's folder; made when missing, continued when it holds this run")
      .option("--cls <classes>", "classes of the distribution: A, B, AB", oneOf("A", "B", "AB"), "A")
      .option("--layers <n>", "hidden layers, 1 to 64", integer(1, 64), 4)
      .option("--dim <n>", "hidden width, 1 to 4096", integer(1, 4096), 64)
      .option("--batch <n>", "points of an iteration, 1 to 1048576", integer(1, 2 ** 20), 4096)
      .option("--iters <n>", "iterations, from 1", integer(1, 2 ** 31), 4096)
      .option("--P-mean <mean>", "mean of the noise levels' logarithm", finite, -2.3)
      .option("--P-std <std>", "standard deviation of it, above 0", positive, 1.5)
      .option("--lr <rate>", "highest learning rate, above 0", positive, 0.01)
      .option("--decay <n>", "iterations after which the rate decays, above 0", positive, 512)
      .option("--ema-std <std>", "EMA length to keep, above 0 and below 0.289", positive, 0.01)
      .option("--snapshot <n>", "iterations between snapshots; 0 is only the last", notNegative, 256)
      .option("--viz <n>", "iterations between pictures of samples; 0 is none", notNegative, 32)
      .addOption(new Option("--seed <n>", "seed of weights, points and noise, from 0").argParser(integer(0)).default(0))
      .option("--dry-run", "only check, and say what would be trained", false),
  async action(context: Context, options: ToyOptions) {
    const { output, signal } = context;
    const { outdir, dryRun } = options;
    if (!dryRun) await prepareFolder("--outdir", outdir);
    await using trainer = await openTrainer(context, [resolve(outdir)]);
    const { href } = pathToFileURL(resolve(outdir));
    const spec = TrainingSpec.fromPartial({ outputUri: `${href}/`, run: { $case: "toy", value: toyOf(options) } });
    const request = { requestId: randomUUID(), spec, validateOnly: dryRun };
    const { job } = await trainer.client(TrainerServiceDefinition).createTrainingJob(request, { signal });
    const resolved = job!.spec?.kind?.value as TrainingSpec;
    if (dryRun) {
      const json = ToyTraining.toJSON(resolved.run!.value as ToyTraining);
      return output.result(json as object, JSON.stringify(json, null, 2));
    }
    const end = await followTraining(context, trainer, job!.name);
    const { nimg, snapshots } = (end.result?.kind?.value ?? { nimg: 0n, snapshots: [] }) as TrainingResult;
    const facts = { kind: "done", iterations: nimg, snapshots: snapshots.length, outdir };
    output.result(facts, `${outdir}: complete after ${nimg} iterations`);
  },
};

function toyOf(options: ToyOptions): ToyTraining {
  const { cls, layers, dim, batch, iters, lr, decay, emaStd, snapshot, viz, seed, PMean, PStd } = options;
  return ToyTraining.fromPartial({
    classes: cls,
    network: { numLayers: layers, hiddenDim: dim },
    batchSize: batch,
    iterations: iters,
    seed: BigInt(seed),
    pMean: PMean,
    pStd: PStd,
    learningRate: lr,
    decayIterations: decay,
    emaStd,
    snapshotIterations: snapshot,
    previewIterations: viz,
  });
}
