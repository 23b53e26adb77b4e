/** @file Values of metrics as people and scripts see them. */
import { type EvaluationRecord, type EvaluationResult, EvaluationSpec, type MetricRecord } from "@tandem/contracts";
import type { Context } from "../context.js";

/** One metric over all seeds. */
export interface Summary {
  readonly metric: string;
  /** The lowest, or the highest where that is better: what the papers report. */
  readonly best: number;
  readonly values: readonly number[];
}

/** A value without the resource's prefix. */
export const describeRecord = (record: MetricRecord) => ({
  metric: record.metric.replace("metrics/", ""),
  value: record.value,
  seed: Number(record.seed),
  numImages: Number(record.numImages),
  detector: record.detector,
  detectorDigest: record.detectorDigest,
  sourceDigest: record.sourceDigest,
  referenceSha256: record.referenceSha256 || null,
});

/** A record with its settings: enough to measure it again. */
export function describeMeasured(record: EvaluationRecord) {
  const { metric, createTime, job, spec, weightsDigests } = record;
  return {
    ...describeRecord(metric!),
    of: describeSource(spec),
    measured: createTime?.toISOString() ?? null,
    job,
    weightsDigests,
    spec: spec && EvaluationSpec.toJSON(spec),
  };
}

function describeSource(spec: EvaluationSpec | undefined): string {
  const { source } = spec ?? {};
  if (source?.$case === "images") return shortUri(source.value.files?.uri ?? "");
  if (source?.$case !== "generation") return "shards";
  const { sampling, preset } = source.value.spec!;
  const guides = sampling?.guidance.map(({ model, weight }) => ` guided ${weight} by ${shortUri(model)}`) ?? [];
  return `${preset ? `${preset}: ` : ""}${shortUri(sampling?.model ?? "")}${guides.join("")}`;
}

const shortUri = (uri: string): string => uri.replace(/^file:\/\/.*\/([^/]+\/?)$/, "$1");

/** The metrics of a result, in its order. */
export function summaries({ records, best }: EvaluationResult): Summary[] {
  const names = [...new Set(records.map(({ metric }) => metric))];
  return names.map((name) => ({
    metric: name.replace("metrics/", ""),
    best: best[name]!,
    values: records.filter(({ metric }) => metric === name).map(({ value }) => value),
  }));
}

/** A value as tables print it: five digits behind the point are more than seeds agree on. */
export const shown = (value: number): string => (Math.abs(value) >= 1 ? value.toFixed(4) : value.toPrecision(5));

/** Shows every value, and of several seeds the best with their spread. */
export function reportValues({ output }: Context, result: EvaluationResult): void {
  for (const record of result.records) {
    const { metric, value, seed, numImages } = describeRecord(record);
    const text = `${metric.padEnd(16)} ${shown(value)}  seed ${seed}, ${numImages} images`;
    output.result({ kind: "metric", ...describeRecord(record) }, text);
  }
  for (const { metric, best, values } of summaries(result)) {
    if (values.length < 2) continue;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const text = `${metric.padEnd(16)} ${shown(best)}  best of ${values.length} seeds, from ${shown(low)} to ${shown(high)}`;
    output.result({ kind: "best", metric, best, lowest: low, highest: high, seeds: values.length }, text);
  }
}
