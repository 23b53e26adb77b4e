/** @file CIFAR's files of images, in both forms in which they are handed out: pickled dicts, and records of fixed length. */
import { isMap, isTensor, type PickleMap, type PickleValue, readPickle } from "@tandem/formats";
import { invalidDataset } from "../../invalid-dataset.js";
import { memoryRecords, type Records } from "../records.js";

/** CIFAR's images: 32x32, red, then green, then blue. */
export const PIXELS = { width: 32, height: 32, channels: 3, isPlanar: true } as const;
const SIZE = 3072;

/** Images with a class each. */
export interface Batch {
  readonly records: Records;
  readonly labels: readonly number[];
}

/**
 * A batch of the Python version. Nothing in it is executed.
 * @throws DomainError UNSAFE_FILE; DATASET_INVALID when it is no batch, or has another number of labels
 */
export async function pickledBatch(file: string, bytes: Uint8Array): Promise<Batch> {
  const dict = await readPickle(bytes, file);
  if (!isMap(dict)) throw invalidDataset(file, "is a pickle, but no batch of CIFAR");
  const data = entry(dict, "data");
  const labels = entry(dict, "fine_labels") ?? entry(dict, "labels");
  if (!isTensor(data) || data.dtype !== "U8" || data.shape.length !== 2 || data.shape[1] !== SIZE)
    throw invalidDataset(file, "its data is no uint8 array of rows of 3072: this is no batch of CIFAR");
  const count = data.shape[0]!;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(Number.isInteger))
    throw invalidDataset(file, `needs a class for each of its ${count} images, in "labels" or "fine_labels"`);
  const records = memoryRecords(file, data.data, { start: 0, size: SIZE, stride: SIZE, count });
  return { records, labels: labels as number[] };
}

/**
 * A batch of the binary version.
 * @param labelBytes 1 of CIFAR-10; 2 of CIFAR-100, of which the second is the class
 * @throws DomainError DATASET_INVALID for a length that is no whole number of images
 */
export function binaryBatch(file: string, bytes: Uint8Array, labelBytes: 1 | 2): Batch {
  const stride = SIZE + labelBytes;
  const count = bytes.byteLength / stride;
  if (!Number.isInteger(count) || count === 0)
    throw invalidDataset(file, `has ${bytes.byteLength} bytes, no whole number of images of ${stride}: it is cut off`);
  const records = memoryRecords(file, bytes, { start: labelBytes, size: SIZE, stride, count });
  return { records, labels: Array.from({ length: count }, (_, i) => bytes[i * stride + labelBytes - 1]!) };
}

/** Names of the classes in a pickled file of facts; undefined when it has none. @throws DomainError UNSAFE_FILE */
export async function pickledNames(file: string, bytes: Uint8Array): Promise<string[] | undefined> {
  const dict = await readPickle(bytes, file);
  const names = isMap(dict) ? (entry(dict, "fine_label_names") ?? entry(dict, "label_names")) : undefined;
  return Array.isArray(names) ? names.map(text) : undefined;
}

/** An entry by its key, which Python 2 wrote as text and Python 3 reads and writes as bytes. */
function entry(dict: PickleMap, key: string): PickleValue | undefined {
  for (const [name, value] of dict) if (text(name) === key) return value;
  return undefined;
}

const text = (value: PickleValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
