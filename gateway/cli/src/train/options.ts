/** @file The options of `tandem train`, with the reference's names, units, ranges and defaults. */

import { parseEmaLengths } from "@tandem/ema";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseImageCount } from "../lists/image-counts.js";
import { checked, finite, integer, notNegative, notNegativeOrInfinite, positive, real } from "../option-values.js";

/** Options as commander hands them over; what is absent comes from the preset, or is the trainer's default. */
export interface TrainOptions {
  outdir?: string;
  data?: string;
  cond: boolean;
  preset: string;
  duration?: number;
  batch?: number;
  batchGpu?: number;
  dropout?: number;
  PMean?: number;
  PStd?: number;
  lr?: number;
  decay?: number;
  rampUp?: number;
  fp16?: boolean;
  ls?: number;
  bench?: boolean;
  status?: number;
  snapshot?: number;
  checkpoint?: number;
  seed: bigint;
  emaStd?: number[];
  preview?: number;
  keep?: number;
  slice?: number;
  startFrom?: string;
  autoencoder?: string;
  latentMean?: number[];
  latentStd?: number[];
  downscale?: number;
  allowChanges: boolean;
  dryRun: boolean;
  // The network.
  channels?: number;
  channelMult?: number[];
  channelMultNoise?: number;
  channelMultEmb?: number;
  numBlocks?: number;
  attnResolutions?: number[];
  channelsPerHead?: number;
  labelBalance?: number;
  concatBalance?: number;
  resBalance?: number;
  attnBalance?: number;
  clipAct?: number;
  logvarChannels?: number;
  sigmaData?: number;
}

/** Preset of a command that names none. */
export const DEFAULT_PRESET = "edm2-img512-s";

const images = checked((text: string) => parseImageCount(text));
const eachFinite = (text: string) => text.split(",").map(finite);
const eachPositive = (text: string) => text.split(",").map(positive);
const share = real("a number from 0 to 1", (value) => value >= 0 && value <= 1);

/** Adds them to the command. */
export function trainOptions(command: Command): Command {
  command
    .option("--outdir <folder>", "the run's folder; made when missing, continued when it holds this run")
    .option("--data <path>", "dataset: a ZIP or a folder of images or latents with dataset.json, or a URI")
    .addOption(flag("--cond <bool>", "learn the dataset's classes: true or false").default(true, "true"))
    .option("--preset <name>", "published configuration; options beside it override", DEFAULT_PRESET)
    .option("--duration <images>", "length of the run in images, e.g. 512Ki or 2048Mi (default: the preset's)", images)
    .option("--batch <images>", "images of a step, from 1 (default: the preset's, 2048)", images)
    .option("--batch-gpu <images>", "images at once; steps add them up (default: all of a step)", images)
    .option("--channels <n>", "base channels of the network, 1 to 4096 (default: the preset's)", integer(1, 4096))
    .option("--dropout <p>", "dropout probability, 0 to 1 (default: the preset's)", share)
    .option("--P-mean <mean>", "mean of the noise levels' logarithm (default: the preset's)", finite)
    .option("--P-std <std>", "standard deviation of it, above 0 (default: the preset's)", positive)
    .option("--lr <rate>", "highest learning rate, above 0 (default: the preset's)", positive)
    .option("--decay <batches>", "batches after which the rate decays; 0 is never (default: the preset's)", notNegative)
    .option("--ramp-up <images>", "images over which the rate ramps up; 0 is none (default: 10000000)", images)
    .addOption(flag("--fp16 <bool>", "16-bit arithmetic (default: where the device has it)"))
    .option("--ls <factor>", "factor on the loss against underflow, above 0 (default: 1)", positive)
    .addOption(flag("--bench <bool>", "let the runtime choose kernels by measuring them (default: true)"))
    .option("--status <images>", "images between status lines; 0 is never (default: 128Ki)", images)
    .option("--snapshot <images>", "images between snapshots; 0 is only the last (default: 8Mi)", images)
    .option("--checkpoint <images>", "images between checkpoints; 0 is only when it stops (default: 128Mi)", images)
    .addOption(
      new Option("--seed <n>", "seed of weights, order, noise and dropout, from 0").argParser(seed).default(0n, "0"),
    )
    .option("--ema-std <list>", "EMA lengths to keep, e.g. 0.050,0.100 (the default)", checked(parseEmaLengths))
    .option("--preview <images>", "images between pictures of samples; 0 is with snapshots alone (default)", images)
    .option("--keep <n>", "checkpoints to keep, the newest, from 1 (default: 2)", integer(1))
    .option("--slice <images>", "pause after so many images of this invocation (default: no limit)", images)
    .option("--start-from <file>", "weights or training state of another run to begin with, the reference's included")
    .option(
      "--vae, --autoencoder <name>",
      "what made the dataset's latents, for the network's settings: a name, or a folder or file, which then decodes the pictures of samples too (default: stabilityai/sd-vae-ft-mse)",
    )
    .option(
      "--latent-mean <list>",
      "mean of each channel of raw latents (tandem dataset inspect --thorough measures it; default: those of the published networks)",
      eachFinite,
    )
    .option("--latent-std <list>", "standard deviation of each channel, above 0, beside --latent-mean", eachPositive)
    .option("--downscale <n>", "pixels per latent along each axis, 1 to 1024 (default: 8)", integer(1, 1024))
    .option("--allow-changes", "go on although hyperparameters, dataset or seed differ from the folder's", false);
  return networkOptions(command).option("--dry-run", "only check, and say what would be trained", false);
}

/** Fields of the network beyond the reference's options. */
function networkOptions(command: Command): Command {
  const numbers = (low: number, high: number) => (text: string) =>
    text === "none" ? [] : text.split(",").map(integer(low, high));
  return command
    .option("--channel-mult <list>", "channels of each level, in base channels (default: 1,2,3,4)", numbers(1, 64))
    .option("--channel-mult-noise <n>", "channels of the noise embedding (default: the first level's)", integer(1, 64))
    .option("--channel-mult-emb <n>", "channels of the embedding (default: the widest level's)", integer(1, 64))
    .option("--num-blocks <n>", "residual blocks of a level, 1 to 64 (default: 3)", integer(1, 64))
    .option("--attn-resolutions <list>", "resolutions with attention, or none (default: 16,8)", numbers(1, 4096))
    .option("--channels-per-head <n>", "channels of an attention head, 1 to 4096 (default: 64)", integer(1, 4096))
    .option("--label-balance <t>", "weight of the class against the noise embedding, 0 to 1 (default: 0.5)", share)
    .option("--concat-balance <t>", "weight of skip connections, 0 to 1 (default: 0.5)", share)
    .option("--res-balance <t>", "weight of residual branches, 0 to 1 (default: 0.3)", share)
    .option("--attn-balance <t>", "weight of attention, 0 to 1 (default: 0.3)", share)
    .option(
      "--clip-act <limit>",
      "activations are clipped to this, above 0 or inf (default: 256)",
      notNegativeOrInfinite,
    )
    .option("--logvar-channels <n>", "width of the uncertainty head, from 1 (default: 128)", integer(1, 65536))
    .option("--sigma-data <std>", "standard deviation of the data, above 0 (default: 0.5)", positive);
}

const flag = (flags: string, description: string) =>
  new Option(flags, description).argParser((text: string) => {
    if (/^(true|1|yes|on)$/i.test(text)) return true;
    if (/^(false|0|no|off)$/i.test(text)) return false;
    throw new InvalidArgumentError("It must be true or false.");
  });

/** 64 bits, more than a number holds. */
function seed(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw new InvalidArgumentError("It must be a whole number from 0, below 2^64.");
}
