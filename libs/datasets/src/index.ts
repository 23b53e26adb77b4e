export { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
export type { DatasetFacts, SampleBatch, SampleSource } from "./facts.js";
export { type TrainingSourceOptions, trainingSource } from "./training-source.js";
