/** @file Options of the command as the contract's TrainingSpec, and errors about its fields in the words of the options. */
import { TrainingSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { stabilityStatistics } from "@tandem/networks";
import type { TrainOptions } from "./options.js";

/** The autoencoder of the published networks, whose statistics are known. */
const PUBLISHED = "stabilityai/sd-vae-ft-mse";

/** Files of the run as the trainer takes them: URIs. */
export interface TrainFiles {
  readonly output: string;
  readonly dataset: string;
  readonly startFrom?: string | undefined;
  /** A URI where it is a file or folder, else a name. */
  readonly autoencoder?: string | undefined;
}

/** @throws DomainError FIELD_INVALID naming the option that is missing */
export function checkTrainOptions({ outdir, data, dryRun, ...options }: TrainOptions): void {
  const missing = (field: string, message: string) => new DomainError("FIELD_INVALID", message, { field });
  if (data === undefined) throw missing("data", "--data is missing: say which dataset to learn from");
  const { autoencoder, latentMean, latentStd, downscale } = options;
  const describesLatents = (autoencoder ?? latentMean ?? latentStd ?? downscale) !== undefined;
  if (describesLatents && autoencoder !== PUBLISHED && (latentMean === undefined || latentStd === undefined))
    throw missing(
      "latent_mean",
      `--latent-mean and --latent-std are missing: latents of another autoencoder have other statistics (those of ${PUBLISHED}: --latent-mean ${stabilityStatistics.rawMean} --latent-std ${stabilityStatistics.rawStd})`,
    );
  if (outdir === undefined && !dryRun) throw missing("outdir", "--outdir is missing: say where the run's files go");
}

/** The request: what was not said is absent, so that preset and trainer decide. */
export function toTrainingSpec(options: TrainOptions, files: TrainFiles): TrainingSpec {
  const count = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  const { attnResolutions } = options;
  const startFrom = files.startFrom === undefined ? undefined : { uri: files.startFrom };
  const network = {
    modelChannels: options.channels,
    channelMult: options.channelMult,
    channelMultNoise: options.channelMultNoise,
    channelMultEmb: options.channelMultEmb,
    numBlocks: options.numBlocks,
    attnResolutions: attnResolutions && { values: attnResolutions },
    channelsPerHead: options.channelsPerHead,
    dropout: options.dropout,
    labelBalance: options.labelBalance,
    concatBalance: options.concatBalance,
    resBalance: options.resBalance,
    attnBalance: options.attnBalance,
    clipAct: options.clipAct,
    logvarChannels: options.logvarChannels,
    sigmaData: options.sigmaData,
  };
  const value = {
    preset: options.preset,
    dataset: { uri: files.dataset },
    encoding: encodingOf(options, files),
    classConditional: options.cond,
    durationNimg: count(options.duration),
    sliceNimg: count(options.slice),
    batchSize: options.batch,
    batchGpu: options.batchGpu,
    network,
    pMean: options.PMean,
    pStd: options.PStd,
    learningRate: options.lr,
    decayBatches: options.decay,
    rampupNimg: count(options.rampUp),
    mixedPrecision: options.fp16,
    lossScaling: options.ls,
    benchmarkKernels: options.bench,
    statusNimg: count(options.status),
    snapshotNimg: count(options.snapshot),
    checkpointNimg: count(options.checkpoint),
    seed: options.seed,
    emaStds: options.emaStd,
    previewNimg: count(options.preview),
    keepCheckpoints: options.keep,
  };
  return TrainingSpec.fromPartial({
    run: { $case: "edm2", value },
    outputUri: files.output,
    startFrom,
    allowChanges: options.allowChanges,
  });
}

/** What was said of the latents; absent leaves it to the dataset. */
function encodingOf({ latentMean, latentStd, downscale }: TrainOptions, { autoencoder }: TrainFiles) {
  if ((autoencoder ?? latentMean ?? downscale) === undefined) return undefined;
  const { rawMean, rawStd, ...final } = stabilityStatistics;
  const statistics = { ...final, rawMean: latentMean ?? [...rawMean], rawStd: latentStd ?? [...rawStd] };
  const value = { autoencoder: autoencoder ?? PUBLISHED, statistics, downscale: downscale ?? 8 };
  return { kind: { $case: "latent" as const, value } };
}

/** Options behind the request's fields whose names are not theirs with dashes. */
const renamed: Readonly<Record<string, string>> = {
  dataset: "--data",
  class_conditional: "--cond",
  duration_nimg: "--duration",
  slice_nimg: "--slice",
  batch_size: "--batch",
  model_channels: "--channels",
  p_mean: "--P-mean",
  p_std: "--P-std",
  learning_rate: "--lr",
  decay_batches: "--decay",
  rampup_nimg: "--ramp-up",
  mixed_precision: "--fp16",
  loss_scaling: "--ls",
  benchmark_kernels: "--bench",
  status_nimg: "--status",
  snapshot_nimg: "--snapshot",
  checkpoint_nimg: "--checkpoint",
  ema_stds: "--ema-std",
  preview_nimg: "--preview",
  keep_checkpoints: "--keep",
  output_uri: "--outdir",
  encoding: "the latents' encoding",
};

/** The same error; where its message names a field, the option stands there. */
export function inTrainOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const message = error.message
    .replace(/(?:spec\.)?edm2\.encoding\.latent\.statistics\.raw_(mean|std)/g, "--latent-$1")
    .replace(/(?:spec\.)?edm2\.encoding\.latent\.autoencoder/g, "--autoencoder")
    .replace(/(?:spec\.)?edm2\.(?:network\.)?(?:edm2_unet\.)?(\w+?)(?:\.uri)?(?=\W|$)/g, (_, field: string) =>
      optionOf(field),
    )
    .replace(/spec\.(\w+)/g, (_, field: string) => optionOf(field))
    .replace(/\b(batch_size|batch_gpu|class_conditional|mixed_precision|allow_changes)\b/g, optionOf);
  return message === error.message ? error : new DomainError(error.reason, message, { ...error.details, cause: error });
}

const optionOf = (field: string): string => renamed[field] ?? `--${field.replaceAll("_", "-")}`;
