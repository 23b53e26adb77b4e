export { labelDim, type NetworkConfig, networkConfig, sampleShape } from "./architectures.js";
export type { Autoencoder } from "./autoencoder/autoencoder.js";
export { buildDecoder, buildEncoder, type CoderBuildOptions } from "./autoencoder/build.js";
export { type AutoencoderConfig, autoencoderConfig, downscaleOf } from "./autoencoder/config.js";
export { autoencoderTensors } from "./autoencoder/graphs.js";
export type { CodingOptions } from "./autoencoder/half.js";
export {
  type Coded,
  type OpenAutoencoder,
  type OpenOptions,
  openAutoencoder,
  type Planes,
} from "./autoencoder/open.js";
export { samplePosterior } from "./autoencoder/posterior.js";
export { readAutoencoder, weightsFileOf } from "./autoencoder/read.js";
export {
  type LatentStatistics,
  normalizeLatents,
  restoreLatents,
  stabilityStatistics,
} from "./autoencoder/statistics.js";
export { writeAutoencoder } from "./autoencoder/write.js";
export { type BuildOptions, buildDenoiser } from "./build.js";
export { countCost, type LayerCost, type NetworkCost } from "./cost.js";
export type { Edm2UnetConfig } from "./edm2/config.js";
export { type TrainedTensor, toState, toTraining, trainedSize } from "./edm2/training/trained-tensor.js";
export { edm2TrainingGraph, type TrainingGraph, type TrainingGraphOptions } from "./edm2/training/training-graph.js";
export {
  type FeatureNetworkConfig,
  featureDim,
  featureNetworkConfig,
  featureTensors,
  inputSize,
  preprocess,
} from "./features/architectures.js";
export { buildFeatureNetwork, type FeatureBuildOptions } from "./features/build.js";
export type { FeatureNetwork } from "./features/feature-network.js";
export type { Pixels } from "./features/pixels.js";
export { readFeatureNetwork } from "./features/read.js";
export { writeFeatureNetwork } from "./features/write.js";
export { toMetadata } from "./file/metadata.js";
export { type NetworkFacts, readNetworkFacts } from "./file/read-facts.js";
export { type ModelFile, readModel } from "./file/read-model.js";
export { readDenoiser, readNetwork } from "./file/read-network.js";
export { type WriteOptions, writeNetwork } from "./file/write-network.js";
export { type WriteOnnxOptions, type WrittenOnnx, writeOnnx } from "./file/write-onnx.js";
export type { GaussianMixtureConfig } from "./mixture/config.js";
export { gaussianMixture } from "./mixture/ground-truth.js";
export type { Encoding, Network, OnnxNetwork, Provenance } from "./network.js";
export { randomNetwork } from "./random-network.js";
export type { ToyMlpConfig } from "./toy/config.js";
export { toyTrainingGraph } from "./toy/training-graph.js";
