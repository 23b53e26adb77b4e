/** @file Networks from files: our safetensors, and the reference's pickles. */
import { parseSafetensors, type ReadOptions, readWholeFile } from "@tandem/formats";
import { denoiserGraph } from "../architectures.js";
import type { Network } from "../network.js";
import { checkTensors } from "../weights/check-tensors.js";
import { sha256 } from "./digest.js";
import { fromMetadata } from "./metadata.js";
import { isPickle, readReferencePickle } from "./reference-pickle.js";

/**
 * Reads a network. Tensors are views of the file's bytes, kept as they are stored.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, FIELD_INVALID or MODEL_INCOMPATIBLE, naming file and field or tensor
 */
export async function readNetwork(path: string, options: ReadOptions = {}): Promise<Network> {
  const bytes = await readWholeFile(path, options);
  const network = isPickle(bytes) ? await readReferencePickle(bytes, path) : readOwn(bytes, path);
  checkTensors(path, denoiserGraph(network.config).specs, network.tensors);
  return { ...network, digest: await sha256(bytes) };
}

function readOwn(bytes: Uint8Array, path: string): Omit<Network, "digest"> {
  const { metadata, tensors } = parseSafetensors(bytes, path);
  return { ...fromMetadata(path, metadata), tensors, format: "tandem" };
}
