/** @file The header of a safetensors file: 8 bytes of length, then JSON that says where each tensor lies. Nothing in it is believed. */
import { unsafe, unsupportedType } from "../file-error.js";
import { byteCount, type DType, elementBytes } from "../tensor-data.js";
import { duplicateKey } from "./duplicate-keys.js";
import { disproportion } from "./proportions.js";

/**
 * Largest header that is read, bytes. The format allows 100 MB, which as JSON could take gigabytes of memory; the largest
 * published networks need less than 1 MB.
 */
export const maxHeaderBytes = 8_000_000;
/** Bytes before the JSON. */
export const prefixBytes = 8;

/** Where a tensor lies. */
export interface TensorEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, from the start of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/**
 * Length of the JSON, from the first eight bytes.
 * @param fileBytes size of the whole file
 * @throws DomainError UNSAFE_FILE when the file cannot hold it
 */
export function headerLength(file: string, prefix: Uint8Array, fileBytes: number): number {
  if (fileBytes < prefixBytes + 2) throw unsafe(file, `${fileBytes} bytes are too few for a safetensors file`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length > maxHeaderBytes) throw unsafe(file, `a header of ${length} bytes is over the limit of ${maxHeaderBytes}`);
  if (length > fileBytes - prefixBytes) throw unsafe(file, `a header of ${length} bytes does not fit into the file`);
  return length;
}

/**
 * Reads and checks the JSON: types, shapes, sizes, and that the tensors fill the rest of the file without gap or overlap.
 * @param json      the header's bytes, without the length before them
 * @param fileBytes size of the whole file
 * @throws DomainError UNSAFE_FILE, DATA_TYPE_UNSUPPORTED (float8 and other types that Tandem does not compute with)
 */
export function parseHeader(file: string, json: Uint8Array, fileBytes: number): SafetensorsHeader {
  const root = parseJson(file, json);
  const dataStart = prefixBytes + json.byteLength;
  const entries: [string, TensorEntry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(root)) {
    if (name === "__metadata__") metadata = checkMetadata(file, value);
    else entries.push([name, checkEntry(file, name, value, dataStart)]);
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = dataStart;
  for (const [name, entry] of entries) {
    if (entry.begin !== end) {
      const what = entry.begin < end ? "overlaps the tensor before it" : "leaves a gap before it";
      throw unsafe(file, `tensor ${quote(name)} begins at byte ${entry.begin}, not at ${end}: it ${what}`);
    }
    end = entry.end;
  }
  if (end !== fileBytes) throw unsafe(file, `the tensors end at byte ${end}, the file at ${fileBytes}`);
  return { metadata, entries: new Map(entries) };
}

function parseJson(file: string, json: Uint8Array): Record<string, unknown> {
  if (json[0] !== 0x7b) throw unsafe(file, "the header does not begin with {");
  const why = disproportion(json);
  if (why) throw unsafe(file, `the header is no list of tensors: ${why}`);
  let text: string;
  let root: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(json);
    root = JSON.parse(text);
  } catch (error) {
    // V8 quotes the text it stumbles over: its message could be large and is kept as the cause alone.
    throw unsafe(file, "the header is not JSON in UTF-8", error);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw unsafe(file, `the header names ${quote(twice)} twice`);
  if (!isObject(root)) throw unsafe(file, "the header is not a JSON object");
  return root;
}

function checkMetadata(file: string, value: unknown): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string"))
    throw unsafe(file, "__metadata__ must hold texts only");
  return value as Record<string, string>;
}

function checkEntry(file: string, name: string, value: unknown, dataStart: number): TensorEntry {
  const tensor = `tensor ${quote(name)}`;
  if (!isObject(value)) throw unsafe(file, `${tensor} is not described by a JSON object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(elementBytes, dtype)) {
    throw unsupportedType(file, `${tensor} of type ${quote(dtype)}`, Object.keys(elementBytes));
  }
  if (!isSizes(shape) || shape.length > 64) throw unsafe(file, `${tensor} has a shape that is no list of extents`);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw unsafe(file, `${tensor} has data_offsets that are no two positions`);
  const [begin, end] = offsets as [number, number];
  const expected = byteCount(dtype as DType, shape);
  if (end - begin !== expected) {
    throw unsafe(
      file,
      `${tensor}, ${dtype} of shape [${shape}], takes ${expected} bytes; data_offsets give ${end - begin}`,
    );
  }
  return { dtype: dtype as DType, shape, begin: dataStart + begin, end: dataStart + end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A name as an error shows it: quoted, and never longer than a line. */
function quote(name: unknown): string {
  const text = JSON.stringify(name) ?? "missing";
  return text.length > 120 ? `${text.slice(0, 117)}..."` : text;
}
