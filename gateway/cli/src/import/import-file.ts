/** @file One file of the reference as safetensors. Whatever is in it, nothing is executed. */
import { basename, extname } from "node:path";
import { DomainError } from "@tandem/errors";
import { isMap, isTensor, type PickleValue, readNpz, readPickle, writeSafetensors } from "@tandem/formats";
import { labelDim, type NetworkConfig, readNetwork, sampleShape, writeNetwork } from "@tandem/networks";
import { outputError } from "../output/output-error.js";
import { type Collected, collectTensors } from "./collect.js";

/** What was found in a file and written. */
export interface Imported {
  readonly file: string;
  readonly dest: string;
  /** In words: what the file is. */
  readonly found: string;
  readonly tensors: number;
}

/** Name of the safetensors file for a file of the reference. */
export const importedName = (file: string): string => `${basename(file, extname(file))}.safetensors`;

/**
 * Reads a network snapshot, statistics, a training state or a state dict, and writes it.
 * @throws DomainError UNSAFE_FILE or NOT_SUPPORTED naming file and reason, RESOURCE_NOT_FOUND, and what keeps the output from being written
 */
export async function importFile(file: string, dest: string, signal: AbortSignal): Promise<Imported> {
  if (/\.onnx$/i.test(file))
    throw new DomainError(
      "NOT_SUPPORTED",
      `${file}: ONNX has no weights to import: they are folded into its graph; generate takes it as it is`,
    );
  if (/\.safetensors$/i.test(file))
    throw new DomainError(
      "UNSAFE_FILE",
      `${file}: this is no file of the reference; import reads .pkl, .pt, .pth and .npz`,
    );
  if (/\.npz$/i.test(file)) {
    const tensors = await readNpz(file, { signal });
    return write(file, dest, { tensors, metadata: {} }, `arrays ${[...tensors.keys()].join(", ")}`);
  }
  const value = await readPickle(file, file, { signal });
  if (isMap(value) && value.has("ema")) return importNetwork(file, dest);
  const collected = collectTensors(file, value);
  if (collected.tensors.size === 0) throw new DomainError("UNSAFE_FILE", `${file}: there is no tensor in it`);
  return write(file, dest, collected, describe(value));
}

async function importNetwork(file: string, dest: string): Promise<Imported> {
  const network = await readNetwork(file);
  const types = [...new Set([...network.tensors.values()].map(({ dtype }) => dtype))];
  const dtype = types.includes("F32") ? "F32" : "F16";
  await written(() => writeNetwork(dest, network, { dtype }));
  const found = `network snapshot: ${describeNetwork(network.config)}, ${types.join(" and ")}`;
  return { file, dest, found, tensors: network.tensors.size };
}

async function write(file: string, dest: string, { tensors, metadata }: Collected, found: string): Promise<Imported> {
  await written(() => writeSafetensors(dest, tensors, metadata));
  return { file, dest, found, tensors: tensors.size };
}

async function written(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw outputError("--dest", error);
  }
}

/** What a pickle that is no network holds, by its keys. */
function describe(value: PickleValue): string {
  if (!isMap(value)) return "tensors";
  const keys = [...value.keys()].map(String);
  if (keys.includes("optimizer") || keys.includes("optimizer_state")) return `training state: ${keys.join(", ")}`;
  if ([...value.values()].every(isTensor)) return "state dict";
  if (keys.includes("num_images")) return `metric statistics: ${keys.filter((key) => key !== "num_images").join(", ")}`;
  return `tensors under ${keys.slice(0, 8).join(", ")}`;
}

/** An architecture in a few words. */
export function describeNetwork(config: NetworkConfig): string {
  const labels = labelDim(config);
  return `${config.kind}, samples ${sampleShape(config).join("x")}, ${labels === 0 ? "unconditional" : `${labels} classes`}`;
}
