/** @file Runs of the toy as a kind. */
import type { ToyTraining, TrainingSpec } from "@tandem/contracts";
import { iterationStem } from "../run/run-folder.js";
import type { RunKind } from "../run/run-kind.js";
import { startOfFile } from "../start/start-of-file.js";
import { toyPicture } from "./toy-picture.js";
import { resolveToy, toToyPlan } from "./toy-plan.js";
import { ToyTrainee } from "./toy-trainee.js";

/** Iterations between statuses and between checkpoints: a run takes minutes. */
const [STATUS, CHECKPOINT] = [64, 512];
const KEEP = 2;

/** The kind. */
export const toyKind: RunKind = {
  stem: iterationStem,
  unit: "iterations",
  async resolve(spec) {
    return { ...spec, run: { $case: "toy", value: resolveToy(toyOf(spec)) } };
  },
  async open(spec, { threads }) {
    const plan = toToyPlan(toyOf(spec));
    const { iterations, snapshotIterations: snapshot, previewIterations: preview } = plan;
    return {
      trainee: await ToyTrainee.open(plan, threads),
      total: iterations,
      slice: 0,
      intervals: { status: STATUS, snapshot, checkpoint: CHECKPOINT, preview },
      keepCheckpoints: KEEP,
      provenance: { preset: `toy-${plan.classes}` },
      draw: (network) => toyPicture(network, plan, threads),
    };
  },
  start: startOfFile,
};

const toyOf = ({ run }: TrainingSpec): ToyTraining => (run as Extract<TrainingSpec["run"], { $case: "toy" }>).value;
