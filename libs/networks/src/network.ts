/** @file A network as it lies in memory: architecture, tensors, how its samples become pixels, where it came from. */
import type { TensorData } from "@tandem/formats";
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
