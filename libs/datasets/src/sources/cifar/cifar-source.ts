/** @file CIFAR-10 and CIFAR-100 as people have them: the archives of either version, an unpacked folder, or one batch. */
import type { PictureSource } from "../../converting/picture-source.js";
import { invalidDataset } from "../../invalid-dataset.js";
import { ArraySource } from "../array-source.js";
import { type Batch, binaryBatch, PIXELS, pickledBatch, pickledNames } from "./batches.js";

/** Files of one data set by name, without folders. */
export interface CifarFiles {
  readonly path: string;
  readonly names: readonly string[];
  read(name: string): Promise<Uint8Array>;
}

type Read = (file: string, bytes: Uint8Array) => Batch | Promise<Batch>;

/** The forms: their training images, and where their classes have names. */
const forms: readonly { readonly batches: RegExp; readonly read: Read; readonly names: RegExp }[] = [
  { batches: /^data_batch_\d$/, read: pickledBatch, names: /^batches\.meta$/ },
  {
    batches: /^data_batch_\d\.bin$/,
    read: (file, bytes) => binaryBatch(file, bytes, 1),
    names: /^batches\.meta\.txt$/,
  },
  { batches: /^train$/, read: pickledBatch, names: /^meta$/ },
  { batches: /^train\.bin$/, read: (file, bytes) => binaryBatch(file, bytes, 2), names: /^fine_label_names\.txt$/ },
];

/** Whether files of these names are CIFAR's. */
export const isCifar = (names: readonly string[]): boolean =>
  forms.some((form) => names.some((name) => form.batches.test(name)) && names.some((name) => form.names.test(name)));

/** The training images, in the order of their batches. @throws DomainError DATASET_INVALID, UNSAFE_FILE naming the file */
export async function openCifar(files: CifarFiles): Promise<PictureSource> {
  const form = forms.find(({ batches }) => files.names.some((name) => batches.test(name)));
  if (!form) throw invalidDataset(files.path, "holds none of CIFAR's batches");
  const names = files.names.filter((name) => form.batches.test(name)).sort();
  const batches: Batch[] = [];
  for (const name of names) batches.push(await form.read(`${files.path}: ${name}`, await files.read(name)));
  const meta = files.names.find((name) => form.names.test(name));
  const classNames = meta && (await namesIn(`${files.path}: ${meta}`, await files.read(meta)));
  return sourceOf(files.path, names, batches, classNames || undefined);
}

/** Batches on their own, such as the test images, by their names; pickles have no ending, so their first byte must agree. */
const single: readonly (readonly [name: RegExp, firstByte: number | undefined, read: Read])[] = [
  [/^(data_batch_\d|test_batch|train|test)$/, 0x80, pickledBatch],
  [/^(data_batch_\d|test_batch)\.bin$/, undefined, (file, bytes) => binaryBatch(file, bytes, 1)],
  [/^(train|test)\.bin$/, undefined, (file, bytes) => binaryBatch(file, bytes, 2)],
];

const readerOf = (name: string, first: number | undefined): Read | undefined =>
  single.find(([names, byte]) => names.test(name) && (byte === undefined || byte === first))?.[2];

/** Whether a file is one of CIFAR's batches. @param head its first bytes */
export const isBatchName = (name: string, head: Uint8Array): boolean => readerOf(name, head[0]) !== undefined;

/** One batch. @throws DomainError DATASET_INVALID, UNSAFE_FILE naming the file */
export async function openBatch(path: string, name: string, bytes: Uint8Array): Promise<PictureSource> {
  return sourceOf(path, [name], [await readerOf(name, bytes[0])!(path, bytes)], undefined);
}

function sourceOf(path: string, names: readonly string[], batches: readonly Batch[], classNames: string[] | undefined) {
  const parts = batches.map(({ records }, i) => ({ name: names[i]!, records, pixels: PIXELS }));
  const labels = batches.flatMap((batch) => batch.labels);
  return new ArraySource(path, parts, labels, classNames);
}

async function namesIn(file: string, bytes: Uint8Array): Promise<string[] | undefined> {
  if (!file.endsWith(".txt")) return pickledNames(file, bytes);
  const lines = Buffer.from(bytes).toString("utf8").split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}
