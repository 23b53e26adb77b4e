/** @file A training request over its preset: what is set overrides, a list that is not empty replaces (GenerationSpec's rule). */
import type { Edm2Training, Edm2Unet } from "@tandem/contracts";

/** The settings with the preset's where it has none of its own; both stay as they are. */
export function mergeTraining(preset: Edm2Training, own: Edm2Training): Edm2Training {
  return {
    ...own,
    preset: preset.preset,
    durationNimg: own.durationNimg || preset.durationNimg,
    batchSize: own.batchSize || preset.batchSize,
    network: own.network ? mergeNetwork(preset.network!, own.network) : preset.network,
    pMean: own.pMean ?? preset.pMean,
    pStd: own.pStd ?? preset.pStd,
    learningRate: own.learningRate ?? preset.learningRate,
    decayBatches: own.decayBatches ?? preset.decayBatches,
  };
}

/** Presets say channels and dropout; the rest is the request's, or the architecture's default. */
const mergeNetwork = (preset: Edm2Unet, own: Edm2Unet): Edm2Unet => ({
  ...own,
  modelChannels: own.modelChannels || preset.modelChannels,
  dropout: own.dropout ?? preset.dropout,
});
