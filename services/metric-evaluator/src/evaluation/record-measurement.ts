/** @file The records of an evaluation, one by one: answered by what is on record, or measured. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { EvaluationRecord, MetricRecord } from "@tandem/contracts";
import type { Detector } from "../detectors/detector.js";
import { measureImages } from "../measure/measure-images.js";
import { type Measured, Measurement, type Wanted } from "../measure/measurement.js";
import { RECORDS, UNFINISHED } from "../records/folders.js";
import { findRecord, Records } from "../records/records.js";
import type { ImageSource } from "../source/image-source.js";
import type { RecordStatistics } from "../statistics/statistics-message.js";
import type { Findings, Opened } from "./evaluate.js";
import type { WantedMetric } from "./metric-names.js";
import { positionsOf } from "./positions.js";
import { toRecord } from "./to-record.js";
import { compare } from "./values.js";

/** An evaluation of images by detectors. */
export class RecordMeasurement {
  readonly #numImages: number;
  readonly #positions: readonly number[];
  readonly #wants: readonly Wanted[];
  /** Metrics that have a value here: those without a reference only make statistics. */
  readonly #values: readonly WantedMetric[];

  constructor(
    private readonly opened: Opened,
    private readonly detectors: readonly Detector[],
    private readonly source: ImageSource,
  ) {
    const { input, wanted, reference } = opened;
    const { shard, numImages } = input.spec;
    this.#numImages = source.count(Number(numImages));
    this.#positions = positionsOf(this.#numImages, shard);
    this.#wants = detectors.map((detector) => wantedOf(detector, wanted));
    this.#values = shard ? [] : wanted.filter(({ metric }) => reference !== undefined || metric.needs === "logits");
  }

  /** @throws DomainError of source, detectors or metrics; the signal's reason, with what was measured kept */
  async run(): Promise<Findings> {
    const { input, context } = this.opened;
    const { spec, statistics: path } = input;
    const store = new Records(join(input.measurements, RECORDS));
    const known = spec.ignoreRecords || path !== undefined ? [] : await store.all();
    const records: MetricRecord[] = [];
    const statistics: RecordStatistics[] = [];
    const finished: Measurement[] = [];
    let elapsedMs = 0;
    for (const [index, seed] of this.#seeds.entries()) {
      const answers = this.#answers(known, seed);
      if (answers) {
        const from = answers[0]!.job;
        context.log("info", `seed ${seed} is on record (${from}); ask to ignore records to measure it again`);
        records.push(...answers.map(({ metric }) => metric!));
        continue;
      }
      await using measurement = await this.#measure(seed, index);
      const measured = await measurement.measured(this.#positions);
      const values = await this.#compare(seed, measured);
      for (const value of values) context.metric(value);
      await store.add(values.map((value) => toRecord(value, input, context, this.source.weightsDigests)));
      records.push(...values);
      if (path !== undefined) statistics.push({ seed, detectors: measured.map(toStatistics) });
      elapsedMs += measurement.elapsedMs;
      finished.push(measurement);
    }
    const forget = async () => {
      for (const measurement of finished) await measurement.forget();
    };
    return { records, statistics, elapsedMs, forget };
  }

  get #seeds(): number[] {
    const { source } = this.opened.input.spec;
    if (source?.$case === "images") return source.value.subsetSeeds.map(Number);
    return source?.$case === "generation" ? source.value.startSeeds.map(Number) : [];
  }

  /** Records of all values of a seed; undefined unless every one is there. */
  #answers(known: readonly EvaluationRecord[], seed: number): EvaluationRecord[] | undefined {
    const { reference } = this.opened;
    const found = this.#values.map(({ name, metric, detector }) =>
      findRecord(known, {
        metric: `metrics/${name}`,
        seed,
        numImages: this.#numImages,
        sourceDigest: this.source.digest,
        referenceSha256: metric.needs === "logits" ? "" : reference!.sha256,
        detectorDigest: this.#detector(detector).digest,
      }),
    );
    const isWhole = found.length > 0 && found.every((record) => record !== undefined);
    return isWhole ? found : undefined;
  }

  async #measure(seed: number, index: number): Promise<Measurement> {
    const { input, context } = this.opened;
    const total = this.#seeds.length * this.#positions.length;
    const stage = this.#seeds.length > 1 ? `seed ${seed}` : "";
    const key = digestOf([this.source.digest, this.#numImages, seed, input.spec.shard, this.#wants]);
    const folder = join(input.measurements, UNFINISHED, key);
    const measurement = await Measurement.open(folder, this.#numImages, this.#wants);
    const before = this.#positions.length - measurement.missing(this.#positions).length;
    if (before > 0) context.log("info", `seed ${seed}: goes on after ${before} images`);
    try {
      await measureImages(this.source, this.detectors, measurement, {
        seed,
        positions: this.#positions,
        batchSize: input.spec.batchSize,
        keepEveryMs: input.keepEveryMs,
        logitsOf: new Set(this.#wants.filter(({ classes }) => classes > 0).map(({ detector }) => detector)),
        onProgress: (done) =>
          context.progress({ done: index * this.#positions.length + done, total, unit: "images", stage }),
        signal: context.signal,
      });
      return measurement;
    } catch (error) {
      await measurement[Symbol.asyncDispose]();
      throw error;
    }
  }

  #compare(seed: number, measured: readonly Measured[]): Promise<MetricRecord[]> {
    const { reference } = this.opened;
    return Promise.all(
      this.#values.map((metric) => {
        const { wanted, sums, features, logits } = measured.find((one) => one.wanted.detector === metric.detector)!;
        const { dim, digest: detectorDigest, classes } = wanted;
        const said = { dim, detectorDigest, sums, features, logits: logits && { rows: logits, classes } };
        return compare(metric, seed, said, reference, this.source.digest, this.opened.context.signal);
      }),
    );
  }

  #detector(name: string): Detector {
    return this.detectors.find((one) => one.name === name)!;
  }
}

/** What is kept of a detector's rows for the metrics that use it. */
function wantedOf({ name, digest, featureDim, classes }: Detector, wanted: readonly WantedMetric[]): Wanted {
  const needs = new Set(wanted.filter(({ detector }) => detector === name).map(({ metric }) => metric.needs));
  return {
    detector: name,
    digest,
    dim: featureDim,
    features: needs.has("features"),
    classes: needs.has("logits") ? classes : 0,
  };
}

const toStatistics = ({ wanted, sums, features }: Measured) => ({
  detector: wanted.detector,
  detectorDigest: wanted.digest,
  dim: wanted.dim,
  sums,
  features,
});

const digestOf = (facts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(facts)).digest("hex");
