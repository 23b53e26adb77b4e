/** @file Labels of a dataset: dataset.json, or the names of the folders that images lie in (numerics, section 7). */
import { sortNames } from "../files/name-order.js";
import { invalidDataset } from "../invalid-dataset.js";

/** The label of a sample: a class, or a vector. */
export type Label = number | readonly number[];

/** Labels of all samples: rows of `dim` numbers; dim 0 is none. */
export interface Labels {
  readonly dim: number;
  /** [count, dim]. */
  readonly rows: Float32Array;
  /** One for every sample, as they were given; undefined for none. */
  readonly list: readonly Label[] | undefined;
}

const NONE: Labels = { dim: 0, rows: new Float32Array(), list: undefined };
/** More classes than this are a mistake, and their rows would fill the memory. */
const MAX_CLASSES = 2 ** 16;

/**
 * Labels by dataset.json: `{"labels": [["00000/img00000000.png", 6], ...]}`, a class index or a vector; `{"labels": null}` is none.
 * @param file  its name, for errors
 * @param names of the samples
 * @returns one for every name
 * @throws DomainError DATASET_INVALID naming the sample
 */
export function parseLabels(file: string, text: string, names: readonly string[]): Label[] | undefined {
  let parsed: { labels?: unknown };
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw invalidDataset(file, `is no JSON (${(error as Error).message})`, error);
  }
  if (parsed?.labels === null || parsed?.labels === undefined) return undefined;
  if (!Array.isArray(parsed.labels))
    throw invalidDataset(file, 'its "labels" must be a list of [file, label], or null');
  const byName = new Map<string, unknown>();
  for (const pair of parsed.labels) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
      throw invalidDataset(file, `${JSON.stringify(pair)?.slice(0, 80)} is not [file, label]`);
    if (byName.has(pair[0])) throw invalidDataset(file, `${pair[0]} has two labels`);
    byName.set(pair[0], pair[1]);
  }
  return labelsOf(file, byName, names);
}

/**
 * The labels of samples by their names: all classes, or all vectors of one length.
 * @throws DomainError DATASET_INVALID naming the sample: none, one too many, or no label
 */
export function labelsOf(file: string, byName: ReadonlyMap<string, unknown>, names: readonly string[]): Label[] {
  const missing = names.find((name) => !byName.has(name));
  if (missing !== undefined) throw invalidDataset(file, `${missing} has no label`);
  if (byName.size > names.length) {
    const known = new Set(names);
    const stranger = [...byName.keys()].find((name) => !known.has(name));
    throw invalidDataset(file, `${stranger} has a label, but is no sample of the dataset`);
  }
  const labels: unknown[] = names.map((name) => byName.get(name));
  checkLabels(file, labels, names);
  return labels as Label[];
}

/** Checks that labels are classes, or vectors of one length. @throws DomainError DATASET_INVALID naming the sample */
export function checkLabels(
  file: string,
  labels: readonly unknown[],
  names: readonly string[],
): asserts labels is readonly Label[] {
  const error = (i: number, why: string) => invalidDataset(file, `the label of ${names[i]} ${why}`);
  if (typeof labels[0] === "number" || labels.every((label) => typeof label === "number")) {
    const isClass = (label: unknown) =>
      Number.isInteger(label) && (label as number) >= 0 && (label as number) < MAX_CLASSES;
    const bad = labels.findIndex((label) => !isClass(label));
    if (bad >= 0)
      throw error(bad, `is ${JSON.stringify(labels[bad])}; a class is a whole number from 0 to ${MAX_CLASSES - 1}`);
    return;
  }
  const dim = Array.isArray(labels[0]) ? labels[0].length : 0;
  const isRow = (label: unknown) =>
    Array.isArray(label) && label.length === dim && label.every((x) => Number.isFinite(x));
  const bad = labels.findIndex((label) => !isRow(label));
  if (bad >= 0 || dim === 0)
    throw error(Math.max(0, bad), `must be a list of ${dim || "some"} numbers, as the others are`);
}

/** Labels by dataset.json as rows. @see parseLabels */
export function readLabels(file: string, text: string, names: readonly string[]): Labels {
  const labels = parseLabels(file, text, names);
  if (!labels) return NONE;
  if (typeof labels[0] === "number") return oneHot(labels as number[]);
  const dim = (labels[0] as readonly number[]).length;
  return { dim, rows: Float32Array.from((labels as number[][]).flat()), list: labels };
}

/** Classes by the folders that samples lie in: the index of the folder among all, sorted; none when there are fewer than two. */
export function folderClasses(names: readonly string[]): number[] | undefined {
  const sorted = folderNames(names);
  if (sorted.length < 2) return undefined;
  const index = new Map(sorted.map((folder, i) => [folder, i]));
  return names.map((name) => index.get(topFolder(name))!);
}

/** Top-level folders, sorted; "" stands for files outside of any. */
export const folderNames = (names: readonly string[]): string[] => sortNames([...new Set(names.map(topFolder))]);

const topFolder = (name: string): string => (name.includes("/") ? name.slice(0, name.indexOf("/")) : "");

/** Labels by folders as rows. @see folderClasses */
export function folderLabels(names: readonly string[]): Labels {
  const classes = folderClasses(names);
  return classes ? oneHot(classes) : NONE;
}

function oneHot(classes: readonly number[]): Labels {
  const dim = classes.reduce((most, label) => Math.max(most, label), 0) + 1;
  const rows = new Float32Array(classes.length * dim);
  for (const [i, label] of classes.entries()) rows[i * dim + label] = 1;
  return { dim, rows, list: classes };
}
