/** @file NumPy's .npy: one array with a header written as a Python dict. */
import { invalid } from "@tandem/errors";
import { replaceFile } from "../atomic-file.js";
import { unsafe } from "../file-error.js";
import { byteCount, type DType, type TensorData } from "../tensor-data.js";
import { type ReadOptions, readWholeFile } from "../whole-file.js";
import { numpyNames, parseElementType } from "./element-type.js";
import { type ArrayLayout, isShape, toTensor } from "./layout.js";

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** NumPy's own limit of what it parses is 10,000. */
const maxHeaderBytes = 65_536;

/** Whether bytes begin as an .npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}

/**
 * Reads an .npy file: versions 1 to 3, both byte orders, row- and column-major.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (damaged or lying), DATA_TYPE_UNSUPPORTED
 */
export async function readNpy(path: string, options: ReadOptions = {}): Promise<TensorData> {
  return parseNpy(await readWholeFile(path, options), path);
}

/** The same from bytes in memory: the tensor is a view of them where their order is ours. `name` stands in errors. */
export function parseNpy(bytes: Uint8Array, name: string): TensorData {
  const { layout, start } = parseHeader(bytes, name);
  // Swapping and reordering copy; the file's size bounds the copy, since bytes and shape must agree first.
  return toTensor(name, layout, bytes.subarray(start), () => {});
}

/** What the head of an .npy file says of the elements behind it. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes of each element come most significant first. */
  readonly isBigEndian: boolean;
  readonly isColumnMajor: boolean;
  /** Where the elements begin, bytes. */
  readonly start: number;
}

/**
 * The head of an .npy file, for arrays that are read part by part.
 * @param bytes the file's first; 65,548 suffice for any header that is read
 * @throws DomainError UNSAFE_FILE (damaged), DATA_TYPE_UNSUPPORTED
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const { layout, start } = parseHeader(bytes, name);
  const { type, shape, isColumnMajor } = layout;
  return { ...type, shape, isColumnMajor, start };
}

function parseHeader(bytes: Uint8Array, name: string): { layout: ArrayLayout; start: number } {
  const major = bytes[6];
  if (bytes.byteLength < 12 || !isNpy(bytes)) throw unsafe(name, "not an .npy file");
  if (major === undefined || major < 1 || major > 3) throw unsafe(name, `.npy of version ${major}; 1 to 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes || start + length > bytes.byteLength)
    throw unsafe(name, `a header of ${length} bytes does not fit`);
  const header = Buffer.from(bytes.subarray(start, start + length)).toString("utf8");
  return { layout: parseLayout(name, header), start: start + length };
}

/** Header and elements of an .npy file; the latter are the tensor's own bytes. BF16 has no name in NumPy and is refused. */
export function encodeNpy({ dtype, shape, data }: TensorData): [header: Uint8Array, data: Uint8Array] {
  if (dtype === "BF16") throw invalid("dtype", dtype, "a type that NumPy knows; convert to F32 first");
  const expected = byteCount(dtype, shape);
  if (data.byteLength !== expected)
    throw invalid("data", `${data.byteLength} bytes`, `${expected} bytes: ${dtype} of [${shape}]`);
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${numpyNames[dtype]}', 'fortran_order': False, 'shape': (${extents}), }`;
  // Padded as NumPy does: the data begins at a multiple of 64.
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new Uint8Array(total).fill(0x20);
  header.set(magic);
  header.set([1, 0], 6);
  new DataView(header.buffer).setUint16(8, total - 10, true);
  header.set(new TextEncoder().encode(text), 10);
  header[total - 1] = 0x0a;
  return [header, data];
}

/** Writes an .npy file (version 1, little-endian, row-major), atomically. */
export async function writeNpy(path: string, tensor: TensorData): Promise<void> {
  const parts = encodeNpy(tensor);
  await replaceFile(path, async (file) => {
    for (const part of parts) await file.writeFile(part);
  });
}

function parseLayout(name: string, header: string): ArrayLayout {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)\b/.exec(header)?.[1];
  const extents = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(header)?.[1];
  if (!/^\s*\{[^{}]*\}\s*$/.test(header) || order === undefined || extents === undefined)
    throw unsafe(name, "its header is not that of an .npy file");
  const shape = extents
    .split(",")
    .map((extent) => extent.trim().replace(/L$/, ""))
    .filter((extent) => extent !== "")
    .map(Number);
  if (!isShape(shape)) throw unsafe(name, "its header gives no valid shape");
  // Structured types are lists and have no such text.
  return { type: parseElementType(name, descr ?? "structure"), shape, isColumnMajor: order === "True" };
}
