/** @file What encodes and decodes: an autoencoder of a file in this process, or a model of a server. */
import type { GatewayAddress } from "@tandem/rpc";

/** Samples: [N, C, H, W]. */
export interface Samples<T> {
  readonly data: T;
  readonly shape: readonly [count: number, channels: number, height: number, width: number];
}

/** An autoencoder, wherever it computes. */
export interface Coder {
  readonly imgChannels: number;
  readonly latentChannels: number;
  /** Pixels per latent along each axis. */
  readonly downscale: number;
  /** Digest of its weights. */
  readonly digest: string;
  /** Means and standard deviations of the posteriors, [N, 2 L, h, w], of pixels. */
  encode(pixels: Samples<Uint8Array>, signal: AbortSignal): Promise<Samples<Float32Array>>;
  /** Pixels of raw latents [N, L, h, w]. */
  decode(latents: Samples<Float32Array>, signal: AbortSignal): Promise<Samples<Uint8Array>>;
}

/** Where an autoencoder is: a weights file or folder of this machine, or a model that a gateway knows. */
export type CoderPlace =
  | { readonly kind: "file"; readonly path: string; readonly provider: string }
  | { readonly kind: "model"; readonly model: string; readonly gateway: GatewayAddress };
