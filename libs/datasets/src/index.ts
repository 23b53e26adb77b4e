export { DatasetCheck, type Depth, type Findings } from "./check/dataset-check.js";
export type { LabelSummary } from "./check/label-summary.js";
export { addLatent, type LatentStatistics, type LatentSums, noSums, statisticsOf } from "./check/latent-moments.js";
export { type DatasetProblem, MAX_PROBLEMS, Problems } from "./check/problems.js";
export { type ContactSheetOptions, contactSheet } from "./contact-sheet.js";
export { convertDataset } from "./converting/convert.js";
export type { ConvertHooks, ConvertOptions, ConvertProgress, ConvertReport } from "./converting/options.js";
export { type LabelSource, openPictures } from "./converting/picture-files.js";
export type { PictureSource } from "./converting/picture-source.js";
export { type Dataset, type OpenOptions, openDataset } from "./dataset.js";
export { datasetDigest } from "./digest.js";
export type { DatasetFacts, SampleBatch, SampleSource } from "./facts.js";
export { decodePicture } from "./pictures/decode.js";
export { type Picture, Resampler } from "./resample/resampler.js";
export type { Filter } from "./resample/weights.js";
export type { Label } from "./samples/labels.js";
export { openSource, type SourceOptions } from "./sources/open-source.js";
export { shuffledSubset } from "./subset.js";
export { type TrainingSourceOptions, trainingSource } from "./training-source.js";
export { type TransformName, transforms } from "./transforms/index.js";
export type { Size, Transform } from "./transforms/transform.js";
export {
  DatasetWriter,
  type DatasetWriterOptions,
  discardUnfinished,
  openDatasetWriter,
  type WrittenItem,
  type WrittenSample,
} from "./writing/dataset-writer.js";
export { encodePng } from "./writing/png.js";
export { type SampleKind, sampleName } from "./writing/sample-name.js";
