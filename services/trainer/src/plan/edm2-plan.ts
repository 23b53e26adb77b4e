/** @file A diffusion run with every decision made: what the loop, the step and the files need to know. */
import type { Edm2Training } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { readEncoding } from "@tandem/network-messages";
import type { Edm2UnetConfig, Encoding } from "@tandem/networks";
import { type BatchPlan, checkMultiple, leastCommonMultiple, splitBatch } from "./batch.js";
import { readNetwork } from "./network.js";

/** A run. Counts are images. */
export interface Edm2Plan {
  readonly preset: string;
  /** Architecture, dropout included. */
  readonly network: Edm2UnetConfig & { readonly kind: "edm2_unet" };
  readonly encoding: Encoding;
  readonly seed: bigint;
  /** Mean and standard deviation of ln(sigma). */
  readonly pMean: number;
  readonly pStd: number;
  readonly batch: BatchPlan;
  readonly durationNimg: number;
  /** Images of this invocation; 0 is no limit. */
  readonly sliceNimg: number;
  readonly learningRate: number;
  /** Batches after which the learning rate decays; 0 is never. */
  readonly decayBatches: number;
  /** Images over which it ramps up; 0 is no ramp. */
  readonly rampupNimg: number;
  readonly lossScaling: number;
  /** EMA profiles, sigma_rel each. */
  readonly emaStds: readonly number[];
  /** Intervals; 0 is never. */
  readonly statusNimg: number;
  readonly snapshotNimg: number;
  readonly checkpointNimg: number;
  readonly previewNimg: number;
  readonly keepCheckpoints: number;
}

/** Snapshots and checkpoints are named by thousands of images: only multiples of this are told apart (numerics, section 4). */
export const GRANULARITY = 1024;

/** EMA profiles have a limit (numerics, section 5). */
const EMA_STD_LIMIT = 0.289;
const EMA_PROFILES = 16;

/**
 * The plan of a resolved request: every field present.
 * @throws DomainError FIELD_INVALID naming the field, its value and what would work
 */
export function toEdm2Plan(spec: Edm2Training): Edm2Plan {
  const batch = splitBatch(spec.batchSize, spec.batchGpu, spec.replicas);
  const plan: Edm2Plan = {
    preset: spec.preset,
    network: readNetwork(spec.network!),
    encoding: readEncoding(spec.encoding!, "spec.edm2.encoding"),
    seed: spec.seed,
    pMean: real("p_mean", spec.pMean!, "finite", Number.isFinite),
    pStd: real("p_std", spec.pStd!, "positive and finite", isPositive),
    batch,
    durationNimg: count("duration_nimg", spec.durationNimg),
    sliceNimg: count("slice_nimg", spec.sliceNimg),
    learningRate: real("learning_rate", spec.learningRate!, "positive and finite", isPositive),
    decayBatches: real("decay_batches", spec.decayBatches!, "0 for no decay, or positive", isNotNegative),
    rampupNimg: count("rampup_nimg", spec.rampupNimg!),
    lossScaling: real("loss_scaling", spec.lossScaling, "positive and finite", isPositive),
    emaStds: spec.emaStds,
    statusNimg: count("status_nimg", spec.statusNimg!),
    snapshotNimg: count("snapshot_nimg", spec.snapshotNimg!),
    checkpointNimg: count("checkpoint_nimg", spec.checkpointNimg!),
    previewNimg: count("preview_nimg", spec.previewNimg),
    keepCheckpoints: spec.keepCheckpoints,
  };
  checkCounts(plan);
  checkEmaStds(plan.emaStds);
  return plan;
}

/** Everything happens at the end of a step, so every count is a whole number of steps. */
function checkCounts(plan: Edm2Plan): void {
  const { size } = plan.batch;
  const step = "the batch size";
  checkMultiple("duration_nimg", plan.durationNimg, size, step);
  checkMultiple("slice_nimg", plan.sliceNimg, size, step);
  checkMultiple("status_nimg", plan.statusNimg, size, step);
  checkMultiple("preview_nimg", plan.previewNimg, size, step);
  const file = `the least that both the batch size and ${GRANULARITY} divide`;
  const unit = leastCommonMultiple(size, GRANULARITY);
  checkMultiple("snapshot_nimg", plan.snapshotNimg, unit, file);
  checkMultiple("checkpoint_nimg", plan.checkpointNimg, unit, file);
}

function checkEmaStds(stds: readonly number[]): void {
  const isValid = (std: number) => std > 0 && std < EMA_STD_LIMIT;
  const names = stds.map((std) => std.toFixed(3));
  if (stds.length > EMA_PROFILES || !stds.every(isValid) || new Set(names).size !== names.length)
    throw invalid(
      "spec.edm2.ema_stds",
      `[${stds.join(", ")}]`,
      `1 to ${EMA_PROFILES} numbers above 0 and below ${EMA_STD_LIMIT}, different in three decimals`,
    );
}

const isPositive = (value: number) => value > 0 && Number.isFinite(value);
const isNotNegative = (value: number) => value >= 0 && Number.isFinite(value);

function real(name: string, value: number, allowed: string, holds: (value: number) => boolean): number {
  if (holds(value)) return value;
  throw invalid(`spec.edm2.${name}`, value, allowed);
}

/** A count of images as a number, which is exact. */
function count(name: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw invalid(`spec.edm2.${name}`, value, `at most ${Number.MAX_SAFE_INTEGER}`);
}
