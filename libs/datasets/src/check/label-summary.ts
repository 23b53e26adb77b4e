/** @file The labels of a dataset as they are found, each fault named instead of the first thrown. */
import { sortNames } from "../files/name-order.js";
import type { Problems } from "./problems.js";

/** What the labels are. */
export interface LabelSummary {
  readonly kind: "none" | "class" | "vector";
  /** Classes, or length of the vectors. */
  readonly dim: number;
  /** Samples per class; of vectors, rows whose entry is not zero. */
  readonly counts: readonly number[];
  /** Per class, where there are names. */
  readonly names: readonly string[];
}

const NONE: LabelSummary = { kind: "none", dim: 0, counts: [], names: [] };
const MAX_CLASSES = 2 ** 16;

/** Labels by dataset.json. @param names of the samples */
export function summarizeJson(file: string, text: string, names: readonly string[], problems: Problems): LabelSummary {
  let parsed: { labels?: unknown; class_names?: unknown } | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (error) {
    problems.fatal(file, "labels-unreadable", `is no JSON (${(error as Error).message}): write it again`);
    return NONE;
  }
  const pairs = parsed?.labels ?? null;
  if (pairs === null) return NONE;
  if (!Array.isArray(pairs)) {
    problems.fatal(file, "labels-unreadable", 'its "labels" must be a list of [file, label], or null');
    return NONE;
  }
  const labels = byName(file, pairs, new Set(names), problems);
  for (const name of names)
    if (!labels.has(name))
      problems.fatal(name, "label-missing", `has no label in ${file}: add one, or remove the file`);
  const summary = summarize(labels, problems);
  const texts = parsed?.class_names;
  const isNamed = Array.isArray(texts) && texts.length === summary.dim && texts.every((one) => typeof one === "string");
  return isNamed && summary.kind === "class" ? { ...summary, names: texts as string[] } : summary;
}

/** Labels by the folders that the samples lie in; none when there are fewer than two. */
export function summarizeFolders(names: readonly string[]): LabelSummary {
  const counts = new Map<string, number>();
  for (const name of names) {
    const folder = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const folders = sortNames([...counts.keys()]);
  if (folders.length < 2) return NONE;
  return { kind: "class", dim: folders.length, counts: folders.map((name) => counts.get(name)!), names: folders };
}

function byName(file: string, pairs: readonly unknown[], names: ReadonlySet<string>, problems: Problems) {
  const labels = new Map<string, unknown>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
      problems.fatal(file, "labels-unreadable", `${JSON.stringify(pair)?.slice(0, 80)} is not [file, label]`);
      continue;
    }
    const [name, label] = pair as [string, unknown];
    if (!names.has(name)) problems.fatal(name, "label-of-nothing", `has a label in ${file}, but is no sample here`);
    else if (labels.has(name)) problems.fatal(name, "label-twice", `has two labels in ${file}: remove one`);
    else labels.set(name, label);
  }
  return labels;
}

/** Counts what is well-formed; the first label decides whether they are classes or vectors. */
function summarize(labels: ReadonlyMap<string, unknown>, problems: Problems): LabelSummary {
  const first = labels.values().next().value;
  if (first === undefined) return NONE;
  const dim = Array.isArray(first) ? first.length : 0;
  const counts: number[] = Array(dim).fill(0);
  for (const [name, label] of labels) {
    if (Array.isArray(first)) {
      if (!Array.isArray(label) || label.length !== dim || dim === 0 || !label.every(Number.isFinite))
        problems.fatal(name, "label-shape", `its label must be a list of ${dim || "some"} numbers, as the first is`);
      else for (const [i, value] of label.entries()) if (value !== 0) counts[i]!++;
    } else if (!Number.isInteger(label) || (label as number) < 0 || (label as number) >= MAX_CLASSES)
      problems.fatal(name, "label-shape", `its label must be a class, a whole number from 0 to ${MAX_CLASSES - 1}`);
    else {
      while (counts.length <= (label as number)) counts.push(0);
      counts[label as number]!++;
    }
  }
  return { kind: Array.isArray(first) ? "vector" : "class", dim: counts.length, counts, names: [] };
}
