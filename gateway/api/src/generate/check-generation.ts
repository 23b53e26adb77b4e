/** @file A GenerationSpec at the border, its preset already expanded: every field checked, every default filled in. */
import {
  DataType,
  GenerationSpec,
  ImageFormat,
  type Labels,
  Placement,
  readGenerator,
  readSampling,
  type SamplingPlan,
  type WireType,
  wireTypeOf,
} from "@tandem/contracts";
import type { GeneratorName } from "@tandem/diffusion";
import { invalid } from "@tandem/errors";
import { integer, known } from "@tandem/rpc";
import { SeedList } from "./seeds.js";

/** A file format of finished images. */
export type Format = "png" | "npy" | "rgb8";
/** Where the loop runs; "auto" is decided when the models are found. */
export type WantedPlacement = "auto" | "whole loop" | "per step";

/** A spec in which nothing is left to default but what depends on the models. */
export interface CheckedGeneration {
  readonly sampling: SamplingPlan;
  readonly seeds: SeedList;
  readonly generator: GeneratorName;
  /** For every image, or one per seed; checked against the model later. */
  readonly labels: Labels | undefined;
  /** Images sampled together at most. */
  readonly batchSize: number;
  readonly format: Format;
  /** Absent means none. */
  readonly previews: { readonly everySteps: number; readonly maxSize: number } | undefined;
  readonly placement: WantedPlacement;
  readonly wireType: WireType;
  /** Images decoded together at most. */
  readonly decodeBatchSize: number;
  /** Of latents, as the request names it; empty means the one that the model names. */
  readonly autoencoder: string;
  readonly preset: string;
}

const FORMATS: Readonly<Record<number, Format>> = {
  [ImageFormat.IMAGE_FORMAT_UNSPECIFIED]: "png",
  [ImageFormat.IMAGE_FORMAT_PNG]: "png",
  [ImageFormat.IMAGE_FORMAT_NPY]: "npy",
  [ImageFormat.IMAGE_FORMAT_RGB8]: "rgb8",
};

const PLACEMENTS: Readonly<Record<number, WantedPlacement>> = {
  [Placement.PLACEMENT_UNSPECIFIED]: "auto",
  [Placement.PLACEMENT_WHOLE_LOOP]: "whole loop",
  [Placement.PLACEMENT_PER_STEP]: "per step",
};

const MAX_BATCH = 4096;
const MAX_PREVIEW_SIZE = 4096;

/**
 * @param maxImages  most images in one call
 * @throws DomainError FIELD_INVALID, LIMIT_EXCEEDED, DATA_TYPE_UNSUPPORTED, naming the field below `spec`
 */
export function checkGeneration(spec: GenerationSpec, maxImages: number): CheckedGeneration {
  if (spec.outputUri !== "")
    throw invalid("spec.output_uri", spec.outputUri, "empty in Generate, which stores nothing: the images come back");
  if (!spec.sampling?.model) throw invalid("spec.sampling.model", undefined, "a model; or name a preset");
  return {
    sampling: readSampling(spec.sampling, "spec.sampling"),
    seeds: SeedList.parse("spec.seeds", spec.seeds, maxImages),
    generator: readGenerator(spec.generator, "spec.generator"),
    labels: spec.labels,
    batchSize: integer(spec.batchSize || 32, 1, MAX_BATCH, "spec.batch_size"),
    decodeBatchSize: integer(spec.decodeBatchSize || 4, 1, MAX_BATCH, "spec.decode_batch_size"),
    autoencoder: spec.autoencoder,
    format: known(spec.format, FORMATS, ImageFormat, "spec.format"),
    previews: spec.previews?.everySteps
      ? {
          everySteps: spec.previews.everySteps,
          maxSize: integer(spec.previews.maxSize || 256, 1, MAX_PREVIEW_SIZE, "spec.previews.max_size"),
        }
      : undefined,
    placement: known(spec.placement, PLACEMENTS, Placement, "spec.placement"),
    wireType: wireTypeOf(spec.wireType || DataType.DATA_TYPE_FLOAT32, "spec.wire_type"),
    preset: spec.preset,
  };
}
