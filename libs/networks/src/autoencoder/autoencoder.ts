/** @file An autoencoder as it lies in memory. */
import type { TensorData } from "@tandem/formats";
import type { AutoencoderConfig } from "./config.js";

/** Turns pixels into latents and back. */
export interface Autoencoder {
  readonly config: AutoencoderConfig;
  /** By the current names of the diffusers layout, whatever the file's age. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** `sha256:` and 64 hexadecimal digits over the weights file's bytes. */
  readonly digest: string;
}
