export { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
export type { DatasetFacts, SampleBatch, SampleSource } from "./facts.js";
export { type Picture, Resampler } from "./resample/resampler.js";
export type { Filter } from "./resample/weights.js";
export { type TrainingSourceOptions, trainingSource } from "./training-source.js";
