/** @file Labels in a file of their own: JSON, lines of `name,label`, or an array with a row for each picture. */
import { readFile, stat } from "node:fs/promises";
import { DomainError } from "@tandem/errors";
import { fileError, parseNpy, sniff, toFloat32 } from "@tandem/formats";
import { type CsvError, parse } from "csv-parse/sync";
import { invalidDataset } from "../invalid-dataset.js";
import type { Label } from "../samples/labels.js";

/** Labels of pictures by their names. */
export type LabelMap = ReadonlyMap<string, Label>;

/** More is no list of labels. */
const MAX_BYTES = 2 ** 30;

/**
 * Reads labels of pictures.
 *
 * What it is is told by its first bytes.
 *
 * - JSON: `{"labels": [["a/1.png", 6], ...]}` as in dataset.json, or `{"a/1.png": 6, ...}`
 * - an .npy array: whole numbers [n], a class each, or numbers [n, d], a vector each, in sorted order of the pictures' names
 * - else a line `name,label` or `name,x,y,z` for each, or tabs or semicolons in the commas' place. A first line without numbers
 *   is a heading. Labels that are words stand for classes, numbered in sorted order.
 *
 * @param names of the pictures, sorted
 * @throws DomainError RESOURCE_NOT_FOUND; DATASET_INVALID naming file and line. Whether labels fit the pictures is not looked at.
 */
export async function readLabelsFile(path: string, names: readonly string[]): Promise<LabelMap> {
  const bytes = await contentOf(path);
  if (sniff(bytes.subarray(0, 64)) === "npy") return arrayLabels(path, bytes, names);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  return /^\s*[[{]/.test(text) ? jsonLabels(path, text) : lineLabels(path, text);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw invalidDataset(path, `has ${size} bytes; a file of labels has at most ${MAX_BYTES}`);
    return await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

function arrayLabels(path: string, bytes: Buffer, names: readonly string[]): LabelMap {
  const tensor = parseNpy(bytes, path);
  const [count = 0, dim] = tensor.shape;
  if (tensor.shape.length < 1 || tensor.shape.length > 2)
    throw invalidDataset(path, `is [${tensor.shape}]; labels are [n] classes or [n, d] vectors`);
  if (count !== names.length) throw invalidDataset(path, `has ${count} labels; there are ${names.length} pictures`);
  if (dim === undefined && /^F/.test(tensor.dtype))
    throw invalidDataset(path, `holds ${tensor.dtype} [${count}]; classes are whole numbers`);
  const values = tensor.dtype.startsWith("F") ? toFloat32(tensor) : wholeNumbers(tensor);
  const label = (i: number) => (dim === undefined ? values[i]! : [...values.subarray(i * dim, (i + 1) * dim)]);
  return new Map(names.map((name, i) => [name, label(i)]));
}

function wholeNumbers({ dtype, data }: ReturnType<typeof parseNpy>): Float64Array {
  const { buffer } = Uint8Array.from(data);
  switch (dtype) {
    case "I64":
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case "I32":
      return Float64Array.from(new Int32Array(buffer));
    case "I16":
      return Float64Array.from(new Int16Array(buffer));
    case "I8":
      return Float64Array.from(new Int8Array(buffer));
    default:
      return Float64Array.from(new Uint8Array(buffer));
  }
}

function jsonLabels(path: string, text: string): LabelMap {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalidDataset(path, `is no JSON (${(error as Error).message})`, error);
  }
  const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  const own = isObject && "labels" in (parsed as object) ? (parsed as { labels: unknown }).labels : parsed;
  const pairs = isObject && own === parsed ? Object.entries(parsed as object) : own;
  if (!Array.isArray(pairs))
    throw invalidDataset(path, 'needs "labels", a list of [name, label], or an object of labels by name');
  return byName(path, pairs);
}

function byName(path: string, pairs: readonly unknown[]): LabelMap {
  const labels = new Map<string, Label>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
      throw invalidDataset(path, `${JSON.stringify(pair)?.slice(0, 80)} is not [name, label]`);
    if (labels.has(pair[0])) throw invalidDataset(path, `${pair[0]} has two labels`);
    labels.set(pair[0], pair[1]);
  }
  return labels;
}

function lineLabels(path: string, text: string): LabelMap {
  const rows = rowsOf(path, text);
  const isNumber = (value: string) => value.trim() !== "" && Number.isFinite(Number(value));
  const [first, ...rest] = rows;
  const isHeading =
    first !== undefined &&
    rest.length > 0 &&
    !first.slice(1).every(isNumber) &&
    rest.every((row) => row.slice(1).every(isNumber));
  const body = isHeading ? rest : rows;
  const short = body.findIndex((row) => row.length < 2);
  if (short >= 0) throw invalidDataset(path, `line ${short + (isHeading ? 2 : 1)} has a name and no label`);
  if (body.every((row) => row.slice(1).every(isNumber)))
    return byName(
      path,
      body.map(([name, ...values]) => [name, values.length === 1 ? Number(values[0]) : values.map(Number)]),
    );
  const wide = body.findIndex((row) => row.length > 2);
  if (wide >= 0)
    throw invalidDataset(path, `line ${wide + 1}: ${body[wide]!.slice(1).join(",")} is neither numbers nor one word`);
  const words = [...new Set(body.map(([, word]) => word!))].sort();
  const index = new Map(words.map((word, i) => [word, i]));
  return byName(
    path,
    body.map(([name, word]) => [name, index.get(word!)]),
  );
}

function rowsOf(path: string, text: string): string[][] {
  const line = text.split(/\r?\n/, 1)[0]!;
  const delimiter = ["\t", ";", ","].find((one) => line.includes(one)) ?? ",";
  try {
    return parse(text, { delimiter, trim: true, skipEmptyLines: true, relaxColumnCount: true });
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw invalidDataset(path, `is no list of name,label (${(error as CsvError).message})`, error);
  }
}
