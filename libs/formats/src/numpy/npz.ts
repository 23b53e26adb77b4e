/** @file NumPy's .npz: a ZIP archive of .npy files. */
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { replaceFile } from "../atomic-file.js";
import { unsafe } from "../file-error.js";
import type { TensorData } from "../tensor-data.js";
import { type ReadOptions, readWholeFile } from "../whole-file.js";
import { readZip, type ZipEntries } from "../zip-archive.js";
import { encodeNpy, parseNpy } from "./npy.js";

/**
 * Reads an .npz file, stored or compressed. Names come without ".npy".
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (damaged, lying, unfolding beyond limits), DATA_TYPE_UNSUPPORTED
 */
export async function readNpz(path: string, options: ReadOptions = {}): Promise<Map<string, TensorData>> {
  return parseNpz(await readZip(await readWholeFile(path, options), path), path);
}

/** The arrays of an archive that has been opened. `name` stands in errors. */
export function parseNpz(entries: ZipEntries, name: string): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  for (const [entry, bytes] of entries) {
    if (!entry.endsWith(".npy")) throw unsafe(name, `${JSON.stringify(entry)} within it is no .npy file`);
    tensors.set(entry.slice(0, -".npy".length), parseNpy(bytes, `${name}#${entry}`));
  }
  return tensors;
}

/**
 * Writes an .npz file, atomically; equal input gives equal bytes.
 * @param options.isCompressed deflate, as numpy.savez_compressed does; otherwise stored
 */
export async function writeNpz(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  options: { isCompressed?: boolean } = {},
): Promise<void> {
  const zip = new ZipFile();
  // The ZIP format's first day: so no clock or time zone gets into the bytes.
  const facts = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true, compress: options.isCompressed === true };
  for (const [name, tensor] of tensors) zip.addBuffer(Buffer.concat(encodeNpy(tensor)), `${name}.npy`, facts);
  zip.end();
  await replaceFile(path, async (file) => {
    await pipeline(zip.outputStream, async (chunks) => {
      for await (const chunk of chunks) await file.writeFile(chunk as Uint8Array);
    });
  });
}
