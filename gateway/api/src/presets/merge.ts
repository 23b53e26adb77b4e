/**
 * @file How a request and a preset become one spec: a scalar that is set (present, or not 0) overrides the preset's, a message
 * merges in the same way, a list that is not empty replaces the preset's (GenerationSpec in generation.proto).
 */
import {
  Churn,
  GenerationSpec,
  GuidanceTerm,
  NoiseSchedule,
  PreviewSpec,
  SamplingSpec,
  SeedRange,
} from "@tandem/contracts";

/** The spec with the preset's settings where it has none of its own; both stay as they are. */
export function mergeSpec(preset: GenerationSpec, own: GenerationSpec): GenerationSpec {
  return {
    preset: own.preset,
    sampling: both(preset.sampling, own.sampling, mergeSampling),
    seeds: list<SeedRange>(preset.seeds, own.seeds),
    generator: own.generator || preset.generator,
    labels: own.labels?.kind ? own.labels : preset.labels,
    batchSize: own.batchSize || preset.batchSize,
    decodeBatchSize: own.decodeBatchSize || preset.decodeBatchSize,
    autoencoder: own.autoencoder || preset.autoencoder,
    format: own.format || preset.format,
    previews: both(preset.previews, own.previews, mergePreviews),
    placement: own.placement || preset.placement,
    wireType: own.wireType || preset.wireType,
    outputUri: own.outputUri || preset.outputUri,
    subdirectories: own.subdirectories || preset.subdirectories,
  };
}

const mergeSampling = (preset: SamplingSpec, own: SamplingSpec): SamplingSpec => ({
  model: own.model || preset.model,
  guidance: list(
    preset.guidance,
    own.guidance.map((term, place) => mergeTerm(preset.guidance[place], term)),
  ),
  schedule: both(preset.schedule, own.schedule, mergeSchedule),
  solver: own.solver || preset.solver,
  churn: both(preset.churn, own.churn, mergeChurn),
});

/** A term replaces the preset's, but need not repeat the model and weight of the term in its place. */
const mergeTerm = (preset: GuidanceTerm | undefined, own: GuidanceTerm): GuidanceTerm =>
  preset ? { ...own, model: own.model || preset.model, weight: own.weight ?? preset.weight } : own;

/** Explicit levels and the formula exclude each other: what the request uses displaces the preset's other kind. */
function mergeSchedule(preset: NoiseSchedule, own: NoiseSchedule): NoiseSchedule {
  if (own.sigmas.length > 0) return own;
  const formula = {
    numSteps: own.numSteps || preset.numSteps,
    sigmaMin: own.sigmaMin || preset.sigmaMin,
    sigmaMax: own.sigmaMax || preset.sigmaMax,
    rho: own.rho || preset.rho,
  };
  const usesFormula = own.numSteps !== 0 || own.sigmaMin !== 0 || own.sigmaMax !== 0 || own.rho !== 0;
  return { ...formula, sigmas: usesFormula ? [] : preset.sigmas };
}

const mergeChurn = (preset: Churn, own: Churn): Churn => ({
  amount: own.amount || preset.amount,
  sigmaMin: own.sigmaMin || preset.sigmaMin,
  sigmaMax: own.sigmaMax ?? preset.sigmaMax,
  noiseScale: own.noiseScale ?? preset.noiseScale,
});

const mergePreviews = (preset: PreviewSpec, own: PreviewSpec): PreviewSpec => ({
  everySteps: own.everySteps || preset.everySteps,
  maxSize: own.maxSize || preset.maxSize,
});

const list = <T>(preset: T[], own: T[]): T[] => (own.length > 0 ? own : preset);

const both = <T>(preset: T | undefined, own: T | undefined, merge: (preset: T, own: T) => T): T | undefined =>
  preset && own ? merge(preset, own) : (own ?? preset);
