/** @file The work of an evaluation, in its own process: detectors see images once, and every metric is made of what they said. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type EvaluationResult, type MetricRecord, toDuration } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import { Runtime } from "@tandem/runtime";
import { sha256File } from "@tandem/storage";
import { Detector } from "../detectors/detector.js";
import { RECORDS, removeOld } from "../records/folders.js";
import { Records } from "../records/records.js";
import { FileImages } from "../source/file-images.js";
import { GeneratedImages } from "../source/generated-images.js";
import type { ImageSource } from "../source/image-source.js";
import { mergeShards } from "../statistics/merge.js";
import { type RecordStatistics, writeStatisticsFile } from "../statistics/statistics-message.js";
import { writeReferenceFile } from "../statistics/write-reference-file.js";
import type { EvaluationInput } from "./evaluation-input.js";
import { type WantedMetric, wantedMetrics } from "./metric-names.js";
import { RecordMeasurement } from "./record-measurement.js";
import { entryFor, openReference, type Reference } from "./reference.js";
import { toRecord } from "./to-record.js";
import { compare, type Said } from "./values.js";

/** What an evaluation has opened before it measures. */
export interface Opened {
  readonly input: EvaluationInput;
  readonly context: ChildContext;
  readonly wanted: readonly WantedMetric[];
  readonly reference: Reference | undefined;
}

/**
 * Evaluates. What cannot work is found before the first image: detectors, reference and source are opened and compared first.
 * @throws DomainError MODEL_INCOMPATIBLE, UNSAFE_FILE, TOO_FEW_IMAGES, DATASET_INVALID, NOT_FINITE, SERVER_UNAVAILABLE; the
 *   signal's reason
 */
export async function evaluate(input: EvaluationInput, context: ChildContext): Promise<JobEnd<"evaluation">> {
  const wanted = wantedMetrics(input.spec.metrics);
  await removeOld(input.measurements);
  if (input.reference !== undefined) say(context, "reading the reference");
  const reference = input.reference === undefined ? undefined : await openReference(input.reference);
  const opened = { input, context, wanted, reference };
  const { records, statistics, elapsedMs, forget } =
    input.spec.source?.$case === "statistics" ? await ofShards(opened) : await ofImages(opened);
  const result = resultOf(records, wanted, elapsedMs);
  if (input.statistics !== undefined) {
    await writeStatistics(input.statistics, statistics, input);
    result.statistics = (await context.artifact({ path: input.statistics, kind: "statistics" })).name;
  }
  await forget();
  return { kind: "done", result };
}

/** What was found out. */
export interface Findings {
  readonly records: readonly MetricRecord[];
  readonly statistics: readonly RecordStatistics[];
  readonly elapsedMs: number;
  /** Removes what was kept for another attempt. */
  readonly forget: () => Promise<void>;
}

async function ofShards({ input, context, wanted, reference }: Opened): Promise<Findings> {
  const began = performance.now();
  say(context, "merging shards");
  const statistics = await mergeShards(input.shards);
  const sourceDigest = await filesDigest(input.shards);
  const records: MetricRecord[] = [];
  for (const record of reference ? statistics : [])
    for (const metric of wanted) {
      const said = saidOf(record, metric);
      records.push(await compare(metric, record.seed, said, reference, sourceDigest, context.signal));
    }
  for (const record of records) context.metric(record);
  await new Records(join(input.measurements, RECORDS)).add(records.map((one) => toRecord(one, input, context)));
  return { records, statistics, elapsedMs: performance.now() - began, forget: async () => {} };
}

/** What shards hold for a metric. @throws DomainError MODEL_INCOMPATIBLE when they lack it */
function saidOf({ detectors }: RecordStatistics, { name, metric, detector }: WantedMetric): Said {
  const made = detectors.find((one) => one.detector === detector);
  const refuse = (what: string) =>
    new DomainError(
      "MODEL_INCOMPATIBLE",
      `the shards hold ${what}, which ${name} needs; make them with --metrics ${name}`,
    );
  if (metric.needs === "logits")
    throw new DomainError("MODEL_INCOMPATIBLE", `${name} needs the logits of all images in one job; shards keep none`);
  if (!made) throw refuse(`nothing of ${detector}`);
  if (metric.needs === "features" && !made.features) throw refuse(`no features of single images by ${detector}`);
  return { ...made, logits: undefined };
}

/** Of some files in any order. */
async function filesDigest(paths: readonly string[]): Promise<string> {
  const digests = await Promise.all(paths.map((path) => sha256File(path)));
  return `sha256:${createHash("sha256").update(digests.sort().join("\n")).digest("hex")}`;
}

async function ofImages(opened: Opened): Promise<Findings> {
  const { input, context, wanted, reference } = opened;
  const runtime = new Runtime({ threads: input.threads });
  try {
    const detectors: Detector[] = [];
    for (const [name, path] of Object.entries(input.detectors)) {
      context.signal.throwIfAborted();
      say(context, `reading the detector ${name}`);
      detectors.push(
        await Detector.open(runtime, name, path, { provider: input.provider, maxBatchSize: input.spec.batchSize }),
      );
    }
    for (const metric of wanted) {
      const { digest, featureDim, classes } = detectors.find(({ name }) => name === metric.detector)!;
      if (metric.metric.needs === "logits" && classes === 0)
        throw new DomainError(
          "MODEL_INCOMPATIBLE",
          `${metric.name} needs a classifier, and ${metric.detector} is none`,
        );
      if (reference && metric.metric.needs !== "logits") entryFor(reference, metric, { digest, dim: featureDim });
    }
    say(context, "looking at the images");
    await using source = await openSource(input, context.signal);
    return await new RecordMeasurement(opened, detectors, source).run();
  } finally {
    await runtime.close();
  }
}

async function openSource({ spec, images, gateway }: EvaluationInput, signal: AbortSignal): Promise<ImageSource> {
  if (images !== undefined) return FileImages.open(images, Number(spec.numImages), signal);
  if (spec.source?.$case !== "generation") throw new Error("an evaluation without a source");
  return GeneratedImages.open(gateway!, spec.source.value.spec!, signal);
}

async function writeStatistics(path: string, records: readonly RecordStatistics[], { spec }: EvaluationInput) {
  if (/\.(safetensors|npz|pkl)$/.test(path)) await writeReferenceFile(path, records[0]!);
  else await writeStatisticsFile(path, records, spec.shard);
}

function resultOf(
  compared: readonly MetricRecord[],
  wanted: readonly WantedMetric[],
  elapsedMs: number,
): EvaluationResult {
  const best: Record<string, number> = {};
  for (const { name, metric } of wanted) {
    const values = compared.filter((one) => one.metric === `metrics/${name}`).map(({ value }) => value);
    if (values.length > 0) best[`metrics/${name}`] = metric.lowerIsBetter ? Math.min(...values) : Math.max(...values);
  }
  return {
    records: [...compared],
    best,
    statistics: "",
    numImages: compared[0]?.numImages ?? 0n,
    runTime: toDuration(elapsedMs),
  };
}

const say = (context: ChildContext, stage: string) => context.progress({ done: 0, total: 0, unit: "images", stage });
