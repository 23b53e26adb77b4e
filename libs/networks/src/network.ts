/** @file A network as it lies in memory: architecture, tensors, how its samples become pixels, where it came from. */
import type { TensorData } from "@tandem/formats";
import type { OnnxModel } from "@tandem/graph";
import type { NetworkConfig } from "./architectures.js";

/** How samples relate to pixels: the contract's DataEncoding. */
export type Encoding =
  | { readonly kind: "rgb" }
  | {
      readonly kind: "latent";
      /** Hub identifier, URI or model name of the autoencoder. */
      readonly autoencoder: string;
      /** Statistics of raw latents, per channel: latent = (raw - rawMean) / rawStd * finalStd + finalMean. */
      readonly rawMean: readonly number[];
      readonly rawStd: readonly number[];
      readonly finalMean: number;
      readonly finalStd: number;
      /** Pixels per latent along each axis. */
      readonly downscale: number;
    };

/** How the weights came to be: the contract's Provenance. Absent fields are unknown. */
export interface Provenance {
  readonly preset?: string;
  /** Training images seen. */
  readonly nimg?: number;
  /** Relative standard deviation of the EMA profile; 0 means no EMA. */
  readonly emaStd?: number;
  readonly reconstructed?: boolean;
  readonly run?: string;
  readonly dataset?: string;
  readonly license?: string;
}

/** A network read from a file, or made. */
export interface Network {
  readonly config: NetworkConfig;
  /** By state-dict name, as stored: weights are not normalized yet. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly encoding: Encoding;
  readonly provenance: Provenance;
  /** `sha256:` and 64 hexadecimal digits over the file's bytes; over the recipe for a network that has no file. Equal means equal weights. */
  readonly digest: string;
  /** What it was read from. */
  readonly format: "tandem" | "reference" | "memory";
}

/** A denoiser as an ONNX file holds it: for inference only, its weights being normalized and folded into its graph. */
export interface OnnxNetwork extends Pick<Network, "provenance" | "digest"> {
  readonly format: "onnx";
  /** Inputs x, sigma and labels (conditional networks); outputs denoised, and those of logvar and log_density that it has. */
  readonly model: OnnxModel;
  /** Undefined where the file says nothing of it: it was not exported here. */
  readonly config: NetworkConfig | undefined;
  /** Undefined is unknown. */
  readonly encoding: Encoding | undefined;
  /** Digest of the network that the file was exported from, as the file has it. */
  readonly weightsDigest: string | undefined;
  /** Arithmetic of the bulk of the graph, by its weights: the file fixes it. */
  readonly computeType: "float32" | "float16";
  /** Without the batch: [C,H,W], or [2]. */
  readonly sampleShape: readonly number[];
  /** Width of a label row; 0 is unconditional. */
  readonly labelDim: number;
}
