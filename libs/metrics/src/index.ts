export { type KernelDistance, type KernelDistanceOptions, kernelDistance } from "./distances/kernel-distance.js";
export {
  type DensityCoverage,
  densityCoverage,
  type NeighbourhoodOptions,
  type PrecisionRecall,
  precisionRecall,
} from "./distances/neighbourhoods.js";
export { type FeatureParts, FeatureSums } from "./features/feature-sums.js";
export type { Features } from "./features/features.js";
export { frechetDistance } from "./frechet/frechet-distance.js";
export type { Gaussian } from "./gaussian.js";
export { type InceptionScore, type InceptionScoreOptions, inceptionScore } from "./inception-score.js";
export {
  DINOV2,
  type FeaturesMetric,
  type FeaturesMetricOptions,
  INCEPTION,
  type LogitsMetric,
  type Metric,
  metricTable,
  type StatisticsMetric,
} from "./metric-table.js";
export { readReference } from "./reference/read.js";
export type { ReferenceGaussian, ReferenceStatistics } from "./reference/reference-statistics.js";
export { writeReference } from "./reference/write.js";
