export { DatasetCheck, type Depth, type Findings } from "./check/dataset-check.js";
export type { LabelSummary } from "./check/label-summary.js";
export { type LatentStatistics, type LatentSums, statisticsOf } from "./check/latent-moments.js";
export { type DatasetProblem, MAX_PROBLEMS, Problems } from "./check/problems.js";
export { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
export type { DatasetFacts, SampleBatch, SampleSource } from "./facts.js";
export { type Picture, Resampler } from "./resample/resampler.js";
export type { Filter } from "./resample/weights.js";
export { type TrainingSourceOptions, trainingSource } from "./training-source.js";
