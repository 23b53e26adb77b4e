/** @file Autoencoders into files. */
import { fromFloat32, toFloat32, writeSafetensors } from "@tandem/formats";
import type { Autoencoder } from "./autoencoder.js";
import { toDiffusersConfig } from "./config.js";
import { autoencoderFormat } from "./read.js";

/** Writes an autoencoder as one safetensors file with its configuration in the header, atomically. The same one gives the same bytes. */
export async function writeAutoencoder(
  path: string,
  { config, tensors }: Pick<Autoencoder, "config" | "tensors">,
): Promise<void> {
  const floats = [...tensors].map(
    ([name, tensor]) => [name, fromFloat32(toFloat32(tensor), tensor.shape, "F32")] as const,
  );
  const metadata = { format: autoencoderFormat, config: JSON.stringify(toDiffusersConfig(config)) };
  await writeSafetensors(path, new Map(floats), metadata);
}
