/** @file What a file is, told by its first bytes; names and endings say nothing. */
import { isNpy } from "./numpy/npy.js";
import { isLegacyTorch } from "./torch/legacy.js";
import { isZip } from "./zip-archive.js";

/** Kinds of files that hold tensors. A "zip" may be an .npz or a torch file: its entries tell. */
export type FileKind = "safetensors" | "npy" | "zip" | "torch-legacy" | "pickle";

/** The kind of a file from its first bytes (16 are enough); undefined when it is none of those known. */
export function sniff(start: Uint8Array): FileKind | undefined {
  if (isZip(start)) return "zip";
  if (isNpy(start)) return "npy";
  if (isLegacyTorch(start)) return "torch-legacy";
  if (start.byteLength > 9 && start[8] === 0x7b && start[6] === 0 && start[7] === 0) return "safetensors";
  if (start[0] === 0x80 && (start[1] ?? 255) <= 5) return "pickle";
  // Protocols 0 and 1 have no mark of their own: they begin with a mark, an empty container or a class.
  return start[0] !== undefined && "(]})c".includes(String.fromCharCode(start[0])) ? "pickle" : undefined;
}
