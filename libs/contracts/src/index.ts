// Generated code is re-exported whole: its names are the contract's, and the contract is the list.

export { crc32c } from "./crc32c.js";
export { checkFinite, firstNotFinite, readSigma } from "./finite.js";
export { Duration } from "./generated/google/protobuf/duration.js";
export { Status } from "./generated/google/rpc/status.js";
export * from "./generated/tandem/v1/artifact.js";
export * from "./generated/tandem/v1/artifact_service.js";
export * from "./generated/tandem/v1/autoencoder_service.js";
export * from "./generated/tandem/v1/dataset.js";
export * from "./generated/tandem/v1/dataset_builder_service.js";
export * from "./generated/tandem/v1/denoiser_service.js";
export * from "./generated/tandem/v1/ema_reconstructor_service.js";
export * from "./generated/tandem/v1/error.js";
export * from "./generated/tandem/v1/evaluation.js";
export * from "./generated/tandem/v1/file.js";
export * from "./generated/tandem/v1/gateway_service.js";
export * from "./generated/tandem/v1/generation.js";
export * from "./generated/tandem/v1/guidance.js";
export * from "./generated/tandem/v1/job.js";
export * from "./generated/tandem/v1/job_service.js";
export * from "./generated/tandem/v1/metric_evaluator_service.js";
export * from "./generated/tandem/v1/model.js";
export * from "./generated/tandem/v1/model_service.js";
export * from "./generated/tandem/v1/reconstruction.js";
export type { ServerStreamingMethodResult } from "./generated/tandem/v1/sampler_service.js";
export * from "./generated/tandem/v1/sampler_service.js";
export * from "./generated/tandem/v1/sampling.js";
export * from "./generated/tandem/v1/tensor.js";
export * from "./generated/tandem/v1/trainer_service.js";
export * from "./generated/tandem/v1/training.js";
export { type LabelledBatch, readLabels, writeLabels } from "./labels-message.js";
export { type PixelTensor, type ReceivedPixels, readPixels, writePixels } from "./pixels-message.js";
export {
  type ChurnPlan,
  MAX_STEPS,
  MAX_TERMS,
  readGenerator,
  readSampling,
  readSeeds,
  type SamplingPlan,
  type SchedulePlan,
  type TermPlan,
} from "./sampling-message.js";
export {
  checkBytes,
  checkChecksum,
  checkExtents,
  type FloatTensor,
  type ReceivedTensor,
  readTensor,
  writeTensor,
} from "./tensor-message.js";
export { toDuration, toMilliseconds } from "./timing.js";
export { type WireType, wireTypeOf, wireTypes } from "./wire-types.js";
