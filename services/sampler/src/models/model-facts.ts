/** @file What the weights alone say about a model; known as soon as the file was read, on whatever device it will run. */
import {
  type Autoencoder,
  type AutoencoderConfig,
  autoencoderTensors,
  labelDim,
  type Network,
  type NetworkConfig,
  type OnnxNetwork,
  sampleShape,
} from "@tandem/networks";
import { MAX_MESSAGE_BYTES } from "@tandem/rpc";

/** Scalars per sample that a network gives beside the denoised sample, by the names of its graph's outputs. */
export type Auxiliary = "logvar" | "log_density";

/** What a model is, wherever it runs. */
export type ModelFacts = DenoiserFacts | AutoencoderFacts;

/** What an autoencoder is. */
export interface AutoencoderFacts {
  readonly kind: "autoencoder";
  readonly config: AutoencoderConfig;
  readonly digest: string;
  /** Of its pixels, at the size that it was trained at; it takes others. */
  readonly sampleShape: readonly number[];
  readonly parameterCount: number;
}

/** What a denoiser is. */
export interface DenoiserFacts
  extends Pick<OnnxNetwork, "config" | "encoding" | "provenance" | "digest" | "sampleShape" | "labelDim"> {
  readonly kind: "denoiser";
  /** Noise levels that the model is good for. */
  readonly sigmaRange: { readonly min: number; readonly max: number };
  readonly auxiliary: readonly Auxiliary[];
  /** Trainable parameters; 0 is unknown. */
  readonly parameterCount: number;
}

/** Per architecture: noise levels of the papers' samplers (arXiv 2312.02696, 2406.02507), and what its graph gives as well. */
const kinds: Record<NetworkConfig["kind"], Pick<DenoiserFacts, "sigmaRange" | "auxiliary">> = {
  edm2_unet: { sigmaRange: { min: 0.002, max: 80 }, auxiliary: ["logvar"] },
  toy_mlp: { sigmaRange: { min: 0.002, max: 5 }, auxiliary: ["log_density"] },
  gaussian_mixture: { sigmaRange: { min: 0.002, max: 5 }, auxiliary: ["log_density"] },
};

/** Of an ONNX file that does not say what it holds: the range that image networks are sampled in. */
const usualSigmaRange = kinds.edm2_unet.sigmaRange;

/** Facts of an autoencoder. */
export function autoencoderFacts({ config, digest }: Pick<Autoencoder, "config" | "digest">): AutoencoderFacts {
  const { imgChannels, sampleSize } = config;
  const sizes = autoencoderTensors(config).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const parameterCount = sizes.reduce((a, b) => a + b, 0);
  return { kind: "autoencoder", config, digest, sampleShape: [imgChannels, sampleSize, sampleSize], parameterCount };
}

/** Facts of a network. @param parameterCount as counted over its graph */
export function factsOf(network: Network | OnnxNetwork, parameterCount: number): DenoiserFacts {
  const { config, encoding, provenance, digest } = network;
  const facts = { kind: "denoiser" as const, config, encoding, provenance, digest, parameterCount };
  if (network.format !== "onnx") {
    const { config } = network;
    return { ...facts, sampleShape: sampleShape(config), labelDim: labelDim(config), ...kinds[config.kind] };
  }
  const auxiliary = network.model.outputs.map(({ name }) => name).filter((name) => isAuxiliary(name));
  const { sigmaRange } = network.config ? kinds[network.config.kind] : { sigmaRange: usualSigmaRange };
  return { ...facts, sampleShape: network.sampleShape, labelDim: network.labelDim, sigmaRange, auxiliary };
}

const isAuxiliary = (name: string): name is Auxiliary => name === "logvar" || name === "log_density";

/** Bytes of a message that are not samples: names, shapes, noise levels, framing; generous. */
const MESSAGE_OVERHEAD = 1024 * 1024;

/** Most samples of this shape that one message can carry as float32, at least 1. */
export function samplesPerMessage(shape: readonly number[]): number {
  const sampleBytes = shape.reduce((product, extent) => product * extent, 4);
  return Math.max(1, Math.floor((MAX_MESSAGE_BYTES - MESSAGE_OVERHEAD) / sampleBytes));
}
