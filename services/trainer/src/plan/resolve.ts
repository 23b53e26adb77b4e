/** @file From what was asked to a whole run: preset, defaults, dataset. The result can be sent again and means the same. */
import type { Edm2Training } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";
import { DomainError, invalid } from "@tandem/errors";
import { writeEncoding } from "@tandem/network-messages";
import { presetConfig, presetName } from "../presets/presets.js";
import { toEdm2Plan } from "./edm2-plan.js";
import { resolveEncoding } from "./encoding.js";
import { mergeTraining } from "./merge.js";
import { resolveNetwork } from "./network.js";

const KI = 2n ** 10n;
const MI = 2n ** 20n;

/** Defaults of the contract, where no preset says otherwise. */
const defaults = {
  rampupNimg: 10_000_000n,
  statusNimg: 128n * KI,
  snapshotNimg: 8n * MI,
  checkpointNimg: 128n * MI,
  emaStds: [0.05, 0.1],
  keepCheckpoints: 2,
};

/**
 * Every field of a run, checked.
 * @param own   as it was asked
 * @param facts of its dataset
 * @throws DomainError FIELD_INVALID, DATASET_INVALID, RESOURCE_NOT_FOUND (preset), NOT_SUPPORTED
 */
export function resolveEdm2(own: Edm2Training, facts: DatasetFacts): Edm2Training {
  const merged = mergeTraining(presetConfig(presetName(own.preset)), own);
  const classConditional = own.classConditional ?? true;
  if (classConditional && facts.labelDim === 0)
    throw new DomainError(
      "DATASET_INVALID",
      `the dataset ${own.dataset?.uri ?? ""} has no labels, which a class-conditional network learns; add them, or train without (class_conditional false)`,
      { field: "spec.edm2.dataset", resource: own.dataset?.uri ?? "" },
    );
  if (own.mixedPrecision === true)
    throw new DomainError("NOT_SUPPORTED", "this trainer computes in float32; leave mixed_precision out", {
      field: "spec.edm2.mixed_precision",
    });
  if (merged.replicas > 1) throw invalid("spec.edm2.replicas", merged.replicas, "0 or 1: this trainer has one replica");
  const resolved: Edm2Training = {
    ...merged,
    classConditional,
    replicas: 1,
    network: resolveNetwork(merged.network, facts, classConditional),
    encoding: writeEncoding(resolveEncoding(own.encoding, facts)),
    mixedPrecision: false,
    lossScaling: own.lossScaling || 1,
    benchmarkKernels: own.benchmarkKernels ?? true,
    rampupNimg: own.rampupNimg ?? defaults.rampupNimg,
    statusNimg: own.statusNimg ?? defaults.statusNimg,
    snapshotNimg: own.snapshotNimg ?? defaults.snapshotNimg,
    checkpointNimg: own.checkpointNimg ?? defaults.checkpointNimg,
    emaStds: own.emaStds.length > 0 ? own.emaStds : defaults.emaStds,
    keepCheckpoints: own.keepCheckpoints || defaults.keepCheckpoints,
  };
  const { batch } = toEdm2Plan(resolved);
  return { ...resolved, batchGpu: batch.batchGpu };
}
