/** @file Any model from a file: what it is for is told by its content. */
import { type ReadOptions, readWholeFile, sniff } from "@tandem/formats";
import type { Autoencoder } from "../autoencoder/autoencoder.js";
import { parseAutoencoder } from "../autoencoder/read.js";
import type { Network, OnnxNetwork } from "../network.js";
import { parseDenoiser } from "./read-network.js";

/** A model with its weights. */
export type ModelFile =
  | { readonly kind: "denoiser"; readonly network: Network | OnnxNetwork }
  | { readonly kind: "autoencoder"; readonly autoencoder: Autoencoder };

/**
 * Reads a denoiser as `readDenoiser` does, or an autoencoder.
 * @param path the file; for an autoencoder's folder that of its weights (`weightsFileOf`)
 * @throws DomainError as `readDenoiser` and `readAutoencoder`
 */
export async function readModel(path: string, options: ReadOptions = {}): Promise<ModelFile> {
  const bytes = await readWholeFile(path, options);
  const kind = sniff(bytes.subarray(0, 64));
  const mayBeAutoencoder = kind === "safetensors" || kind === "zip" || kind === "torch-legacy";
  const autoencoder = mayBeAutoencoder ? await parseAutoencoder(bytes, path) : undefined;
  if (autoencoder) return { kind: "autoencoder", autoencoder };
  return { kind: "denoiser", network: await parseDenoiser(bytes, path) };
}
