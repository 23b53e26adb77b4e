/** @file Feature networks into files. */
import { fromFloat32, toFloat32, writeSafetensors } from "@tandem/formats";
import type { FeatureNetwork } from "./feature-network.js";
import { featureFormat } from "./read.js";

/** Writes a feature network as safetensors with its configuration in the header, atomically. The same network gives the same bytes. */
export async function writeFeatureNetwork(path: string, { config, tensors }: FeatureNetwork): Promise<void> {
  const floats = [...tensors].map(
    ([name, tensor]) => [name, fromFloat32(toFloat32(tensor), tensor.shape, "F32")] as const,
  );
  await writeSafetensors(path, new Map(floats), { format: featureFormat, config: JSON.stringify(config) });
}
