/** @file Writing safetensors: the same tensors always give the same bytes. */
import { invalid } from "@tandem/errors";
import { replaceFile } from "../atomic-file.js";
import { byteCount, elementBytes, type TensorData } from "../tensor-data.js";
import { maxHeaderBytes, prefixBytes } from "./header.js";

/**
 * Writes tensors to a file, atomically; they are written one by one and never joined in memory. Larger element types come
 * first, then names in code unit order, and the header is padded to a multiple of 8: so every tensor lies aligned to its
 * element size, and equal input gives equal bytes.
 * @param metadata texts kept beside the tensors
 * @throws DomainError FIELD_INVALID (a tensor whose bytes do not fit its shape), OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [name, { dtype, shape, data }] of tensors) {
    const expected = byteCount(dtype, shape);
    if (data.byteLength !== expected)
      throw invalid(`tensors.${name}.data`, `${data.byteLength} bytes`, `${expected} bytes: ${dtype} of [${shape}]`);
  }
  const { header, places } = layoutSafetensors(tensors, metadata);
  await replaceFile(path, async (file) => {
    await file.writeFile(header);
    for (const name of places.keys()) await file.writeFile(tensors.get(name)!.data);
  });
}

/** Where everything goes in a file. */
export interface SafetensorsLayout {
  /** The file's first bytes. */
  readonly header: Uint8Array;
  /** Position of each tensor's first byte, in the order of their bytes. */
  readonly places: ReadonlyMap<string, number>;
}

/** The layout of a file as `writeSafetensors` writes it, for whoever fills it piece by piece. @throws DomainError FIELD_INVALID */
export function layoutSafetensors(
  tensors: ReadonlyMap<string, Pick<TensorData, "dtype" | "shape">>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  const sorted = [...tensors].sort(([nameA, a], [nameB, b]) => {
    return elementBytes[b.dtype] - elementBytes[a.dtype] || (nameA < nameB ? -1 : 1);
  });
  const places = new Map<string, number>();
  const lines: string[] = [];
  const texts = Object.keys(metadata).sort();
  if (texts.length > 0) {
    const pairs = texts.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
    lines.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let end = 0;
  for (const [name, { dtype, shape }] of sorted) {
    if (name === "__metadata__") throw invalid("tensors", name, "a name other than that of the metadata");
    const begin = end;
    end += byteCount(dtype, shape);
    places.set(name, begin);
    lines.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = new TextEncoder().encode(`{${lines.join(",")}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  if (length > maxHeaderBytes) throw invalid("metadata", `${length} bytes`, `a header within ${maxHeaderBytes} bytes`);
  const header = new Uint8Array(prefixBytes + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, prefixBytes);
  for (const [name, begin] of places) places.set(name, header.byteLength + begin);
  return { header, places };
}
