/** @file Networks from files: our safetensors, the reference's pickles, and ONNX. */
import { DomainError } from "@tandem/errors";
import { parseSafetensors, type ReadOptions, readWholeFile } from "@tandem/formats";
import { denoiserGraph } from "../architectures.js";
import type { Network, OnnxNetwork } from "../network.js";
import { checkTensors } from "../weights/check-tensors.js";
import { checkSeal } from "./content-digest.js";
import { sha256 } from "./digest.js";
import { fromMetadata } from "./metadata.js";
import { isOnnx, onnxNetwork } from "./onnx-network.js";
import { isPickle, readReferencePickle } from "./reference-pickle.js";

/**
 * Reads a network with its weights. Tensors are views of the file's bytes, kept as they are stored.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, FIELD_INVALID or MODEL_INCOMPATIBLE, naming file and field or tensor;
 *   NOT_SUPPORTED for ONNX, which has no weights to read
 */
export async function readNetwork(path: string, options: ReadOptions = {}): Promise<Network> {
  const bytes = await readWholeFile(path, options);
  if (!isOnnx(bytes, path)) return readWeights(bytes, path);
  throw new DomainError(
    "NOT_SUPPORTED",
    `${path} is an ONNX file, which is for inference only: its weights are folded into its graph; name the file it was exported from`,
    { resource: path },
  );
}

/**
 * Reads what `buildDenoiser` takes: a network with its weights, or an ONNX file.
 * @throws DomainError as `readNetwork`; NOT_SUPPORTED for ONNX files whose operators, inputs or outputs are none of ours
 */
export async function readDenoiser(path: string, options: ReadOptions = {}): Promise<Network | OnnxNetwork> {
  return parseDenoiser(await readWholeFile(path, options), path);
}

/** The same from a file's bytes. @param path where they came from */
export async function parseDenoiser(bytes: Uint8Array, path: string): Promise<Network | OnnxNetwork> {
  if (!isOnnx(bytes, path)) return readWeights(bytes, path);
  const { isSealed, ...network } = onnxNetwork(bytes, path);
  if (isSealed) await checkSeal(bytes, path);
  return { ...network, digest: await sha256(bytes) };
}

async function readWeights(bytes: Uint8Array, path: string): Promise<Network> {
  const network = isPickle(bytes) ? await readReferencePickle(bytes, path) : readOwn(bytes, path);
  checkTensors(path, denoiserGraph(network.config).specs, network.tensors);
  return { ...network, digest: await sha256(bytes) };
}

function readOwn(bytes: Uint8Array, path: string): Omit<Network, "digest"> {
  const { metadata, tensors } = parseSafetensors(bytes, path);
  return { ...fromMetadata(path, metadata), tensors, format: "tandem" };
}
