/** @file A run of the toy with every decision made. Defaults are the paper's (arXiv 2406.02507, section 3). */
import { ToyMlp, type ToyTraining } from "@tandem/contracts";
import { MAX_STD } from "@tandem/ema";
import { invalid } from "@tandem/errors";
import { networkConfig, type ToyMlpConfig } from "@tandem/networks";

/** A run. */
export interface ToyPlan {
  readonly classes: "A" | "B" | "AB";
  readonly network: ToyMlpConfig & { readonly kind: "toy_mlp" };
  readonly batch: number;
  readonly iterations: number;
  readonly seed: bigint;
  readonly pMean: number;
  readonly pStd: number;
  readonly learningRate: number;
  readonly decayIterations: number;
  readonly emaStd: number;
  /** Intervals in iterations; 0 is never. */
  readonly snapshotIterations: number;
  readonly previewIterations: number;
}

const CLASSES = ["A", "B", "AB"] as const;
const MAX_BATCH = 2 ** 20;

/** The request with every field present. @throws DomainError FIELD_INVALID */
export function resolveToy(own: ToyTraining): ToyTraining {
  const network = ToyMlp.fromPartial(own.network ?? {});
  const resolved: ToyTraining = {
    ...own,
    classes: own.classes || "A",
    network: { ...network, numLayers: network.numLayers || 4, hiddenDim: network.hiddenDim || 64 },
    batchSize: own.batchSize || 4096,
    iterations: own.iterations || 4096,
    pMean: own.pMean ?? -2.3,
    pStd: own.pStd || 1.5,
    learningRate: own.learningRate || 0.01,
    decayIterations: own.decayIterations || 512,
    emaStd: own.emaStd || 0.01,
    snapshotIterations: own.snapshotIterations ?? 256,
    previewIterations: own.previewIterations ?? 32,
  };
  toToyPlan(resolved);
  return resolved;
}

/** The plan of a resolved request. @throws DomainError FIELD_INVALID naming the field */
export function toToyPlan(spec: ToyTraining): ToyPlan {
  const classes = CLASSES.find((name) => name === spec.classes);
  if (!classes) throw invalid("spec.toy.classes", spec.classes, `one of ${CLASSES.join(", ")}`);
  if (spec.batchSize > MAX_BATCH) throw invalid("spec.toy.batch_size", spec.batchSize, `at most ${MAX_BATCH}`);
  const positive = (name: string, value: number) => {
    if (value > 0 && Number.isFinite(value)) return value;
    throw invalid(`spec.toy.${name}`, value, "positive and finite");
  };
  if (!Number.isFinite(spec.pMean!)) throw invalid("spec.toy.p_mean", spec.pMean, "finite");
  if (!(spec.emaStd > 0 && spec.emaStd < MAX_STD))
    throw invalid("spec.toy.ema_std", spec.emaStd, `above 0 and below ${MAX_STD}`);
  const { numLayers, hiddenDim } = spec.network!;
  const config = networkConfig({ kind: "toy_mlp", numLayers, hiddenDim }, "spec.toy.network");
  return {
    classes,
    network: config as ToyPlan["network"],
    batch: spec.batchSize,
    iterations: spec.iterations,
    seed: spec.seed,
    pMean: spec.pMean!,
    pStd: positive("p_std", spec.pStd),
    learningRate: positive("learning_rate", spec.learningRate),
    decayIterations: spec.decayIterations,
    emaStd: spec.emaStd,
    snapshotIterations: spec.snapshotIterations!,
    previewIterations: spec.previewIterations!,
  };
}
