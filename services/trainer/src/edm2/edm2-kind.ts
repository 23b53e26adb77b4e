/** @file Diffusion runs as a kind: what their requests mean, how they begin, what they draw on the way. */
import { basename } from "node:path";
import type { Edm2Training, TrainingSpec } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";
import { type Edm2Plan, toEdm2Plan } from "../plan/edm2-plan.js";
import { resolveEdm2 } from "../plan/resolve.js";
import { kimgStem } from "../run/run-folder.js";
import type { OpenedRun, RunKind } from "../run/run-kind.js";
import type { Trainee } from "../run/trainee.js";
import { startOfFile } from "../start/start-of-file.js";
import { sampleGrid } from "./sample-grid.js";

/** What a diffusion run learns from, and what learns. */
export interface Edm2Parts {
  /** Facts of the dataset at a path. @throws DomainError DATASET_INVALID, RESOURCE_NOT_FOUND naming the file */
  facts(dataset: string): Promise<DatasetFacts>;
  /** The network of a plan, at its beginning; disposing it closes the dataset as well. @throws DomainError as `facts` */
  open(plan: Edm2Plan, dataset: string, threads: number): Promise<Trainee>;
}

/** The kind, made of its parts. */
export const edm2Kind = ({ facts, open }: Edm2Parts): RunKind => ({
  stem: kimgStem,
  unit: "images",
  async resolve(spec, { dataset }) {
    return { ...spec, run: { $case: "edm2", value: resolveEdm2(edm2Of(spec), await facts(dataset!)) } };
  },
  async open(spec, { dataset, autoencoder, threads, reporter }) {
    const plan = toEdm2Plan(edm2Of(spec));
    if (plan.encoding.kind === "latent") reporter.log("info", whatPicturesShow(plan.encoding.autoencoder, autoencoder));
    return { ...runOf(plan, edm2Of(spec), threads, autoencoder), trainee: await open(plan, dataset!, threads) };
  },
  start: startOfFile,
});

const whatPicturesShow = (named: string, path: string | undefined): string =>
  path === undefined
    ? `pictures of samples show the first three channels of the latents: the autoencoder, ${named}, is not a path that may be read here`
    : `pictures of samples are decoded by ${path}, as far as that is soon done`;

function runOf(
  plan: Edm2Plan,
  spec: Edm2Training,
  threads: number,
  autoencoder: string | undefined,
): Omit<OpenedRun, "trainee"> {
  const { durationNimg, sliceNimg, statusNimg, snapshotNimg, checkpointNimg, previewNimg, keepCheckpoints, preset } =
    plan;
  return {
    total: durationNimg,
    slice: sliceNimg,
    intervals: { status: statusNimg, snapshot: snapshotNimg, checkpoint: checkpointNimg, preview: previewNimg },
    keepCheckpoints,
    provenance: { preset, dataset: basename(spec.dataset?.uri ?? "") },
    draw: (network) => sampleGrid(network, threads, autoencoder),
  };
}

const edm2Of = ({ run }: TrainingSpec): Edm2Training => (run as Extract<TrainingSpec["run"], { $case: "edm2" }>).value;
