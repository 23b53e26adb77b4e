/** @file The evaluation job: a request becomes a resolved spec, and a resolved spec work in a process of its own. */

import { basename, join } from "node:path";
import type { EvaluationSpec } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { makeFolder } from "@tandem/formats";
import { type Artifacts, type JobContext, type JobEnd, type JobKind, jobKind, runInChild } from "@tandem/jobs";
import type { GatewayAddress } from "@tandem/rpc";
import type { Storage } from "@tandem/storage";
import { checkDetectorName, type DetectorFiles } from "../detectors/detector-files.js";
import { openImages } from "../source/file-images.js";
import { resolveGeneration } from "../source/generated-images.js";
import { checkHolds } from "../statistics/write-reference-file.js";
import type { EvaluationInput } from "./evaluation-input.js";
import { wantedMetrics } from "./metric-names.js";
import { checkShard } from "./positions.js";

/** What evaluations are done with. */
export interface EvaluationSettings {
  readonly storage: Storage;
  /** The service's own folder. */
  readonly folder: string;
  readonly threads: number;
  readonly gateway: GatewayAddress | undefined;
  /** Folder of records, and of what is measured half. */
  readonly measurements: string;
  /** Device of the detectors: auto, cpu, webgpu, cuda, cuda:1. */
  readonly provider: string;
  readonly detectors: DetectorFiles;
  /** What was measured is kept this often, milliseconds. */
  readonly keepEveryMs: number;
}

const DEFAULT_IMAGES = 50_000n;
const DEFAULT_BATCH = { images: 64, generation: 32 } as const;
const MAX_BATCH = 1024;
/** Seeds of subsets and first images, exclusive. */
const MAX_SEED = 2n ** 32n;
const MAX_WORKERS = 64;
/** Files that hold one record: statistics for others' programs. */
const SINGLE = /\.(npz|pkl|safetensors)$/;

type Context = JobContext<"evaluation">;

/** Evaluation jobs of a server. */
export class Evaluations {
  readonly kind: JobKind;

  constructor(
    private readonly artifacts: Artifacts,
    private readonly settings: EvaluationSettings,
  ) {
    this.kind = jobKind({ kind: "evaluation", pausable: true, run: (context) => this.#run(context) });
  }

  /**
   * The request with its defaults. Images are counted, detectors and reference are there, and a gateway knows the models: what is
   * wrong shows now, not after hours.
   * @throws DomainError FIELD_INVALID, TOO_FEW_IMAGES, DATASET_INVALID, MODEL_NOT_READY (no weights), RESOURCE_NOT_FOUND,
   *   URI_NOT_ALLOWED; what Generate throws
   */
  async resolve(spec: EvaluationSpec): Promise<EvaluationSpec> {
    const metrics = wantedMetrics(spec.metrics);
    for (const [i, { detector }] of spec.detectors.entries())
      checkDetectorName(detector, `spec.detectors[${i}].detector`);
    checkShard(spec.shard);
    if (spec.shard && spec.reference)
      throw invalid("spec.reference", spec.reference.uri, "absent with a shard, whose statistics are merged first");
    if (spec.batchSize > MAX_BATCH) throw invalid("spec.batch_size", spec.batchSize, `at most ${MAX_BATCH}`);
    if ((spec.workers ?? 0) > MAX_WORKERS) throw invalid("spec.workers", spec.workers, `at most ${MAX_WORKERS}`);
    if (spec.reference) await this.artifacts.localPath(spec.reference, "spec.reference");
    if (spec.source?.$case === "images" || spec.source?.$case === "generation") {
      const names = metrics.map(({ detector }) => detector);
      for (const detector of names) await this.settings.detectors.path(detector, spec.detectors);
      checkHolds(spec.statisticsUri, names);
    }
    const source = await this.#source(spec);
    const seeds = seedsOf(source);
    if (SINGLE.test(spec.statisticsUri) && seeds.length > 1)
      throw invalid(
        "spec.statistics_uri",
        spec.statisticsUri,
        "a .pb file: the others hold the statistics of one seed",
      );
    if (SINGLE.test(spec.statisticsUri) && spec.shard)
      throw invalid("spec.statistics_uri", spec.statisticsUri, "a .pb file: only exact sums merge");
    return {
      ...spec,
      metrics: metrics.map(({ name }) => `metrics/${name}`),
      source,
      numImages: spec.numImages || (spec.reference || source.$case === "generation" ? DEFAULT_IMAGES : 0n),
      batchSize: spec.batchSize || (source.$case === "generation" ? DEFAULT_BATCH.generation : DEFAULT_BATCH.images),
      workers: spec.workers ?? 2,
    };
  }

  async #source(spec: EvaluationSpec): Promise<NonNullable<EvaluationSpec["source"]>> {
    const { source, reference, numImages } = spec;
    switch (source?.$case) {
      case "images": {
        const path = await this.artifacts.localPathOrFolder(source.value.files, "spec.images.files");
        const needed = numImages || (reference ? DEFAULT_IMAGES : 0n);
        await (await openImages(path, Number(needed))).close();
        const subsetSeeds = checkSeeds(source.value.subsetSeeds, "spec.images.subset_seeds");
        return { $case: "images", value: { ...source.value, subsetSeeds } };
      }
      case "generation": {
        const generation = source.value.spec;
        if (!generation) throw invalid("spec.generation.spec", undefined, "what to generate");
        for (const [field, isSet] of Object.entries({
          seeds: generation.seeds.length > 0,
          output_uri: generation.outputUri !== "",
          previews: generation.previews !== undefined,
        }))
          if (isSet)
            throw invalid(
              `spec.generation.spec.${field}`,
              "set",
              "unset: nothing is stored, and seeds follow start_seeds",
            );
        const startSeeds = checkSeeds(source.value.startSeeds, "spec.generation.start_seeds");
        const { gateway } = this.settings;
        if (!gateway)
          throw new DomainError(
            "NOT_SUPPORTED",
            "this evaluator knows no gateway to generate with; start it with --gateway HOST:PORT",
          );
        const spec = await resolveGeneration(gateway, generation, startSeeds[0]!);
        return { $case: "generation", value: { spec, startSeeds } };
      }
      case "statistics": {
        const { files } = source.value;
        if (files.length === 0) throw invalid("spec.statistics.files", undefined, "at least one file");
        for (const [i, file] of files.entries()) await this.artifacts.localPath(file, `spec.statistics.files[${i}]`);
        return source;
      }
      default:
        throw invalid("spec.source", undefined, "images, generation or statistics");
    }
  }

  async #run(context: Context): Promise<JobEnd<"evaluation">> {
    const input = await this.#input(context);
    // Images are read and decoded by the threads of Node's pool.
    const env = { ...process.env, UV_THREADPOOL_SIZE: String(Math.max(1, context.spec.workers ?? 0)) };
    return runInChild(new URL("./evaluation-process.js", import.meta.url), input, context, { env });
  }

  async #input({ spec, name, signal }: Context): Promise<EvaluationInput> {
    const { artifacts, settings } = this;
    const { source, reference } = spec;
    const names = source?.$case === "statistics" ? [] : wantedMetrics(spec.metrics).map(({ detector }) => detector);
    const detectors: Record<string, string> = {};
    for (const detector of new Set(names))
      detectors[detector] = await settings.detectors.path(detector, spec.detectors, signal);
    const shards: string[] = [];
    if (source?.$case === "statistics")
      for (const [i, file] of source.value.files.entries())
        shards.push(await artifacts.localPath(file, `spec.statistics.files[${i}]`, signal));
    return {
      spec,
      images:
        source?.$case === "images"
          ? await artifacts.localPathOrFolder(source.value.files, "spec.images.files", signal)
          : undefined,
      gateway: source?.$case === "generation" ? settings.gateway : undefined,
      shards,
      reference: reference && (await artifacts.localPath(reference, "spec.reference", signal)),
      detectors,
      measurements: settings.measurements,
      statistics: await this.#statisticsPath(spec, name),
      threads: settings.threads,
      provider: settings.provider,
      keepEveryMs: settings.keepEveryMs,
    };
  }

  async #statisticsPath({ statisticsUri, reference }: EvaluationSpec, job: string): Promise<string | undefined> {
    const { storage, folder } = this.settings;
    if (statisticsUri === "") {
      if (reference) return undefined;
      await makeFolder(join(folder, "statistics"));
      return join(folder, "statistics", `${basename(job)}.pb`);
    }
    return storage.localTarget(statisticsUri, { create: true });
  }
}

type Source = NonNullable<EvaluationSpec["source"]>;

/** Seeds of the records. */
function seedsOf(source: Source): readonly bigint[] {
  if (source.$case === "images") return source.value.subsetSeeds;
  return source.$case === "generation" ? source.value.startSeeds : [0n];
}

/** @returns [0] for none @throws DomainError FIELD_INVALID for one that is too large, or there twice */
function checkSeeds(seeds: readonly bigint[], field: string): bigint[] {
  for (const [i, seed] of seeds.entries()) {
    if (seed >= MAX_SEED) throw invalid(`${field}[${i}]`, seed, "below 2^32");
    if (seeds.indexOf(seed) !== i) throw invalid(`${field}[${i}]`, seed, "a seed that is not there already");
  }
  return seeds.length > 0 ? [...seeds] : [0n];
}
