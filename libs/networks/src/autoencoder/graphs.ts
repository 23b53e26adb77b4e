/** @file Encoder and decoder as graphs (the variational autoencoder of arXiv 2112.10752; numerics, section 8). */
import { invalid } from "@tandem/errors";
import { Graph, type Value } from "@tandem/graph";
import type { ParameterSpec } from "../parameters.js";
import { StoredWeights } from "../weights/stored-weights.js";
import { type AutoencoderConfig, downscaleOf } from "./config.js";
import { AutoencoderLayers } from "./layers.js";

/** Height and width. */
export type Extents = readonly [height: number, width: number];

/** One half of an autoencoder, without weights. */
export interface CoderGraph {
  readonly graph: Graph;
  /** Every tensor of this half. */
  readonly specs: readonly ParameterSpec[];
  /** Named activations, in the order of evaluation. */
  readonly activations: ReadonlyMap<string, Value>;
}

/** Height and width of the latents of an image: halved at every level but the last, rounding down. */
export const latentExtents = (config: AutoencoderConfig, [height, width]: Extents): Extents => {
  const factor = downscaleOf(config);
  return [Math.floor(height / factor), Math.floor(width / factor)];
};

/**
 * The encoder: input x [N,C,H,W], pixels / 255; output moments [N,2L,h,w], means and then log variances.
 * @throws DomainError FIELD_INVALID for an image that leaves no latent
 */
export function encoderGraph(config: AutoencoderConfig, size: Extents): CoderGraph {
  const factor = downscaleOf(config);
  if (size.some((extent) => extent < factor))
    throw invalid("pixels", size.join("x"), `at least ${factor}x${factor}, the pixels of one latent`);
  const { imgChannels, blockOutChannels, layersPerBlock, latentChannels, hasQuantConv } = config;
  const layers = newLayers(config);
  let x = layers.g.input("x", ["N", imgChannels, ...size]);
  x = layers.conv("encoder.conv_in", x, blockOutChannels[0]!);
  for (const [level, channels] of blockOutChannels.entries()) {
    const name = `encoder.down_blocks.${level}`;
    for (let i = 0; i < layersPerBlock; i++) x = layers.residual(`${name}.resnets.${i}`, x, channels);
    if (level < blockOutChannels.length - 1) x = layers.downsample(`${name}.downsamplers.0`, x);
    layers.record(name, x);
  }
  x = layers.last("encoder", layers.middle("encoder.mid_block", x), 2 * latentChannels);
  if (hasQuantConv) x = layers.conv("quant_conv", x, 2 * latentChannels, { kernel: 1 });
  return finished(layers, "moments", x);
}

/** The decoder: input latents [N,L,h,w], raw; output image [N,C,H,W], 0 to 1 where it is not clamped yet. */
export function decoderGraph(config: AutoencoderConfig, size: Extents): CoderGraph {
  if (size.some((extent) => extent < 1)) throw invalid("latents", size.join("x"), "at least 1x1");
  const { imgChannels, blockOutChannels, layersPerBlock, latentChannels, hasPostQuantConv } = config;
  const layers = newLayers(config);
  let x = layers.g.input("latents", ["N", latentChannels, ...size]);
  if (hasPostQuantConv) x = layers.conv("post_quant_conv", x, latentChannels, { kernel: 1 });
  const levels = blockOutChannels.toReversed();
  x = layers.middle("decoder.mid_block", layers.conv("decoder.conv_in", x, levels[0]!));
  for (const [level, channels] of levels.entries()) {
    const name = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= layersPerBlock; i++) x = layers.residual(`${name}.resnets.${i}`, x, channels);
    if (level < levels.length - 1) x = layers.upsample(`${name}.upsamplers.0`, x);
    layers.record(name, x);
  }
  return finished(layers, "image", layers.last("decoder", x, imgChannels));
}

/** Every tensor of an autoencoder, by name and shape. */
export const autoencoderTensors = (config: AutoencoderConfig): readonly ParameterSpec[] => {
  const smallest = downscaleOf(config);
  return [...encoderGraph(config, [smallest, smallest]).specs, ...decoderGraph(config, [1, 1]).specs];
};

function newLayers(config: AutoencoderConfig): AutoencoderLayers {
  const g = new Graph();
  return new AutoencoderLayers(g, new StoredWeights(g), config);
}

function finished({ g, weights, activations }: AutoencoderLayers, output: string, value: Value): CoderGraph {
  g.output(output, value);
  return { graph: g, specs: weights.specs, activations };
}
