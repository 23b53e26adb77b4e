/** @file dataset.json of a dataset that is written. */
import { invalidDataset } from "../invalid-dataset.js";
import type { Label } from "../samples/labels.js";
import { type SampleKind, sampleName } from "./sample-name.js";

/** `{"labels": [["00000/img00000000.png", 6], ...]}`, or `{"labels": null}` when no sample has one; spaced as Python does. */
export function labelsText(path: string, kind: SampleKind, labels: readonly (Label | undefined)[]): string {
  if (labels.every((label) => label === undefined)) return '{"labels": null}';
  const bare = labels.indexOf(undefined);
  if (bare >= 0) throw invalidDataset(path, `${sampleName(kind, bare)} has no label, but others have`);
  const pairs = labels.map((label, i) => `["${sampleName(kind, i)}", ${text(label!)}]`);
  return `{"labels": [${pairs.join(", ")}]}`;
}

const text = (label: Label): string => (typeof label === "number" ? String(label) : `[${label.join(", ")}]`);
