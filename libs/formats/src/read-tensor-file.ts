/** @file Named tensors from any file that holds them. */
import { unsafe } from "./file-error.js";
import { parseNpy } from "./numpy/npy.js";
import { parseNpz } from "./numpy/npz.js";
import { isTensor, type PickleValue } from "./pickle/values.js";
import { readPickle } from "./read-pickle.js";
import { parseSafetensors, readSafetensors } from "./safetensors/read.js";
import { type FileKind, sniff } from "./sniff.js";
import type { TensorData } from "./tensor-data.js";
import { isTorchArchive } from "./torch/archive.js";
import { type ReadOptions, readStart, readWholeFile } from "./whole-file.js";
import { readZip } from "./zip-archive.js";

/** What was in the file. */
export interface TensorFile {
  readonly format: "safetensors" | "npy" | "npz" | "torch" | "pickle";
  /** An .npy has one, named "". Tensors in dicts within dicts have their keys joined by dots: "fid.mu". */
  readonly tensors: Map<string, TensorData>;
  /** Texts beside the tensors; safetensors alone has them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads all tensors of a safetensors, .npy, .npz, torch or pickle file; its kind is told by content.
 * Of pickles, dicts are searched; what else they hold is left out (`readPickle` gives it).
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (none of these, damaged, could run code), DATA_TYPE_UNSUPPORTED
 */
export async function readTensorFile(path: string, options: ReadOptions = {}): Promise<TensorFile> {
  const kind = kindOf(await readStart(path), path);
  if (kind === "safetensors") return { format: kind, ...(await readSafetensors(path, options)) };
  return parseTensorFile(await readWholeFile(path, options), path);
}

/** The same from bytes in memory; tensors are views of them wherever they lie dense. `name` stands in errors. */
export async function parseTensorFile(bytes: Uint8Array, name: string): Promise<TensorFile> {
  const metadata = {};
  const kind = kindOf(bytes, name);
  switch (kind) {
    case "safetensors":
      return { format: kind, ...parseSafetensors(bytes, name) };
    case "npy":
      return { format: "npy", tensors: new Map([["", parseNpy(bytes, name)]]), metadata };
    case "zip": {
      const entries = await readZip(bytes, name);
      if (!isTorchArchive(entries)) return { format: "npz", tensors: parseNpz(entries, name), metadata };
      return { format: "torch", tensors: namedTensors(await readPickle(bytes, name)), metadata };
    }
    case "torch-legacy":
      return { format: "torch", tensors: namedTensors(await readPickle(bytes, name)), metadata };
    case "pickle":
      return { format: "pickle", tensors: namedTensors(await readPickle(bytes, name)), metadata };
  }
}

function kindOf(start: Uint8Array, name: string): FileKind {
  const kind = sniff(start);
  if (!kind) throw unsafe(name, "not a file of tensors; safetensors, .npy, .npz, torch files and pickles are known");
  return kind;
}

/** Tensors in a dict, and in dicts within it, keys joined by dots. */
export function namedTensors(value: PickleValue): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  const path = new Set<PickleValue>(); // dicts on the way down: one within itself is not entered again
  const search = (node: PickleValue, prefix: string): void => {
    if (isTensor(node)) tensors.set(prefix, node);
    else if (node instanceof Map && !path.has(node)) {
      path.add(node);
      for (const [key, child] of node) search(child, prefix === "" ? String(key) : `${prefix}.${String(key)}`);
      path.delete(node);
    }
  };
  search(value, "");
  return tensors;
}
