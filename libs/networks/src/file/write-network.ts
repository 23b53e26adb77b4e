/** @file Networks into files. */
import { fromFloat32, type TensorData, toFloat32, writeSafetensors } from "@tandem/formats";
import { denoiserGraph } from "../architectures.js";
import type { Network } from "../network.js";
import { checkTensors } from "../weights/check-tensors.js";
import { toMetadata } from "./metadata.js";

export interface WriteOptions {
  /** Type of the stored tensors. F16 is how networks are published: half the size, and the weights are normalized at load. */
  readonly dtype: "F16" | "F32";
}

/** Writes a network as safetensors with its configuration in the header, atomically. The same network gives the same bytes. */
export async function writeNetwork(path: string, network: Network, { dtype }: WriteOptions): Promise<void> {
  checkTensors(path, denoiserGraph(network.config).specs, network.tensors);
  const tensors = new Map([...network.tensors].map(([name, tensor]) => [name, converted(tensor, dtype)]));
  await writeSafetensors(path, tensors, toMetadata(network));
}

const converted = (tensor: TensorData, dtype: "F16" | "F32"): TensorData =>
  tensor.dtype === dtype ? tensor : fromFloat32(toFloat32(tensor), tensor.shape, dtype);
