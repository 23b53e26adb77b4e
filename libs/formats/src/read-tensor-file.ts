/** @file Named tensors from any file that holds them. */
import { unsafe } from "./file-error.js";
import { parseNpy } from "./numpy/npy.js";
import { parseNpz } from "./numpy/npz.js";
import { isTensor, type PickleValue } from "./pickle/values.js";
import { readPickle } from "./read-pickle.js";
import { readSafetensors } from "./safetensors/read.js";
import { sniff } from "./sniff.js";
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
  const kind = sniff(await readStart(path));
  if (!kind) throw unsafe(path, "not a file of tensors; safetensors, .npy, .npz, torch files and pickles are known");
  if (kind === "safetensors") return { format: kind, ...(await readSafetensors(path, options)) };
  const bytes = await readWholeFile(path, options);
  const metadata = {};
  switch (kind) {
    case "npy":
      return { format: "npy", tensors: new Map([["", parseNpy(bytes, path)]]), metadata };
    case "zip": {
      const entries = await readZip(bytes, path);
      if (!isTorchArchive(entries)) return { format: "npz", tensors: parseNpz(entries, path), metadata };
      return { format: "torch", tensors: namedTensors(await readPickle(bytes, path)), metadata };
    }
    case "torch-legacy":
      return { format: "torch", tensors: namedTensors(await readPickle(bytes, path)), metadata };
    case "pickle":
      return { format: "pickle", tensors: namedTensors(await readPickle(bytes, path)), metadata };
  }
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
