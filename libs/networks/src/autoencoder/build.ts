/** @file From an autoencoder to graphs that a runtime can load. */
import type { OnnxModel } from "@tandem/graph";
import { filledModel } from "../weights/filled-model.js";
import type { StoredSource } from "../weights/stored-weights.js";
import type { Autoencoder } from "./autoencoder.js";
import { type CoderGraph, decoderGraph, type Extents, encoderGraph } from "./graphs.js";

export interface CoderBuildOptions {
  /** An empty folder for the weights, as in `buildDenoiser`. */
  readonly externalFolder?: string;
  /** Adds every named activation as an output `activation/<name>`: to find where two implementations part. */
  readonly activations?: boolean;
}

/** Encoder for images of a size: x [N,C,H,W], pixels / 255 -> moments [N,2L,h,w]. @throws DomainError FIELD_INVALID, NOT_FINITE, OUT_OF_MEMORY */
export const buildEncoder = (autoencoder: Autoencoder, size: Extents, options: CoderBuildOptions = {}) =>
  build(encoderGraph(autoencoder.config, size), autoencoder, options);

/** Decoder for latents of a size: latents [N,L,h,w], raw -> image [N,C,H,W]. @throws DomainError as `buildEncoder` */
export const buildDecoder = (autoencoder: Autoencoder, size: Extents, options: CoderBuildOptions = {}) =>
  build(decoderGraph(autoencoder.config, size), autoencoder, options);

function build(
  { graph, activations: named }: CoderGraph,
  { tensors }: Autoencoder,
  { externalFolder, activations = false }: CoderBuildOptions,
): Promise<OnnxModel> {
  if (activations) for (const [name, value] of named) graph.output(`activation/${name}`, value);
  return filledModel(graph, externalFolder, ({ source, factor }) => {
    const { name, make } = source as StoredSource;
    return { name, tensor: make(tensors), role: "buffer", factor, type: "float32" };
  });
}
