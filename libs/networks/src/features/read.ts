/** @file Feature networks from files. */
import { DomainError } from "@tandem/errors";
import { type ReadOptions, readPickle, readTensorFile, type TensorData, toFloat32 } from "@tandem/formats";
import type { Unchecked } from "../fields.js";
import { sha256 } from "../file/digest.js";
import { moduleTensors, persistentObject } from "../file/persistent-object.js";
import { checkTensors } from "../weights/check-tensors.js";
import { type FeatureNetworkConfig, featureGraph, featureNetworkConfig } from "./architectures.js";
import type { FeatureNetwork } from "./feature-network.js";
import { recognize } from "./layouts.js";

/** What `format` says in the headers of our own files. */
export const featureFormat = "tandem.features";

/** How a file is read. */
export interface FeatureReadOptions extends ReadOptions {
  /** Fields that its tensors do not tell, e.g. numHeads of a DINOv2 whose heads are not 64 wide. */
  readonly fields?: Unchecked;
}

/**
 * Reads a feature network: ours (.safetensors), the FID's PyTorch checkpoint, the reference's pickled detector (as data: nothing
 * in it is executed), DINOv2's official checkpoints and those of Hugging Face.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, MODEL_INCOMPATIBLE, SHAPE_MISMATCH, FIELD_INVALID naming file and tensor
 */
export async function readFeatureNetwork(path: string, options: FeatureReadOptions = {}): Promise<FeatureNetwork> {
  const { tensors: stored, metadata } = await readStored(path, options);
  const isOurs = metadata.format === featureFormat;
  const { kind, tensors, fields } = isOurs
    ? { ...configIn(path, metadata.config), tensors: stored }
    : recognize(stored, path);
  const config = featureNetworkConfig({ kind, ...fields, ...options.fields }, path);
  checkTensors(path, featureGraph(config).specs, tensors);
  return { config, tensors, digest: await digestOf(config, tensors) };
}

async function readStored(path: string, options: ReadOptions) {
  const file = await readTensorFile(path, options);
  if (file.format !== "pickle" || file.tensors.size > 0) return file;
  const module = persistentObject(await readPickle(path, path, options));
  return { ...file, tensors: module ? moduleTensors(module.state) : file.tensors };
}

function configIn(path: string, text = ""): { kind: unknown; fields: Unchecked } {
  try {
    const { kind, ...fields } = JSON.parse(text) as Record<string, unknown>;
    return { kind, fields };
  } catch (cause) {
    throw new DomainError("UNSAFE_FILE", `${path}: the header's config is not JSON`, { resource: path, cause });
  }
}

/** Over what decides the features: the configuration, and every tensor's name, shape and float32 values, in order of name. */
export async function digestOf(
  config: FeatureNetworkConfig,
  tensors: ReadonlyMap<string, TensorData>,
): Promise<string> {
  const text = (value: string) => new TextEncoder().encode(value);
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(
    text(JSON.stringify(config)),
    ...sorted.flatMap(([name, tensor]) => {
      const { buffer, byteOffset, byteLength } = toFloat32(tensor);
      return [text(`\n${name} [${tensor.shape}]\n`), new Uint8Array(buffer, byteOffset, byteLength)];
    }),
  );
}
