/** @file The work of an evaluation, in its own process: detectors see images once, and every metric is made of what they said. */
import { type EvaluationResult, type MetricRecord, toDuration } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import { Runtime } from "@tandem/runtime";
import { Detector } from "../detectors/detector.js";
import { removeOld } from "../records/folders.js";
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
import { compare } from "./values.js";

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
  const compared: MetricRecord[] = [];
  for (const record of reference ? statistics : [])
    for (const metric of wanted) {
      const made = record.detectors.find(({ detector }) => detector === metric.detector);
      if (!made)
        throw new DomainError(
          "MODEL_INCOMPATIBLE",
          `the shards hold nothing of ${metric.detector}, which ${metric.name} needs`,
        );
      entryFor(reference!, metric, { digest: made.detectorDigest, dim: made.dim });
      compared.push(await compare(metric, record.seed, { ...made, logits: undefined }, reference, "", context.signal));
    }
  for (const record of compared) context.metric(record);
  return { records: compared, statistics, elapsedMs: performance.now() - began, forget: async () => {} };
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
