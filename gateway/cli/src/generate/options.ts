/** @file The options of `tandem generate`, with the reference's names, units, ranges and defaults. */
import { Command, Option } from "commander";
import { parseSeeds } from "../lists/seeds.js";
import {
  checked,
  finite,
  integer,
  interval,
  notNegative,
  notNegativeOrInfinite,
  oneOf,
  positive,
} from "../option-values.js";

/** Integrators by the names that the command line takes. */
export const solverNames = ["heun", "euler", "dpmpp-2m"] as const;
/** Random generators. */
export const generatorNames = ["torch-cpu", "torch-cuda"] as const;
/** What is written for every seed. */
export const formatNames = ["png", "npy", "latents"] as const;

/** Options as commander hands them over. */
export interface GenerateOptions {
  preset?: string;
  net?: string;
  gnet?: string;
  autoencoder?: string;
  outdir?: string;
  subdirs: boolean;
  seeds: number[];
  class?: number;
  batch: number;
  steps: number;
  sigmaMin: number;
  sigmaMax: number;
  rho: number;
  guidance: number;
  guidanceInterval?: [low: number, high: number];
  solver: (typeof solverNames)[number];
  SChurn: number;
  SMin: number;
  SMax: number;
  SNoise: number;
  rng: (typeof generatorNames)[number];
  grid?: string;
  format: (typeof formatNames)[number];
  dryRun: boolean;
}

const model =
  "a .safetensors, .pkl or .onnx file, https://..., preset:NAME, or a server's model such as servers/net/models/net";

/** Adds them to the command. */
export function generateOptions(command: Command): Command {
  networkOptions(command)
    .option("--outdir <folder>", "where to write OUTDIR/000016.png; made when missing")
    .option("--subdirs", "a folder for every 1000 seeds: OUTDIR/000000/000016.png", false)
    .addOption(
      new Option("--seeds <list>", "one image a seed, each once: numbers from 0 and ranges, e.g. 1,2,5-10")
        .argParser(checked(parseSeeds))
        .default([16, 17, 18, 19], "16-19"),
    );
  return samplingOptions(command)
    .option("--batch <n>", "images sampled together at most, 1 to 4096", integer(1, 4096), 32)
    .option("--grid <file>", "a PNG with all images side by side")
    .option(
      "--format <name>",
      "png; npy: pixels, uint8 [H,W,3]; latents: samples before decoding, float32 [C,H,W], as .npy",
      oneOf(...formatNames),
      "png",
    )
    .option("--dry-run", "only say what would be done", false);
}

/** Adds those that say which networks make the images. */
export function networkOptions(command: Command): Command {
  return command
    .option("--preset <name>", "settings of a published model; options beside it override (list: tandem presets)")
    .option("--net <model>", `main network: ${model}`)
    .option("--gnet <model>", "guiding network, as --net; called where guidance is not 1")
    .option(
      "--vae, --autoencoder <model>",
      "what decodes the latents of --net: a diffusers folder, its weights file, https://..., OWNER/NAME of the public hub, or a server's model such as vae or servers/c/models/vae",
    );
}

/** Adds those that say how images are made. */
export function samplingOptions(command: Command): Command {
  return command
    .option(
      "--class <index>",
      "class label of every image, from 0, or -1 for none (default: drawn from each seed)",
      integer(-1),
    )
    .option("--steps <n>", "sampling steps, 1 to 1000; Heun evaluates the network 2n - 1 times", integer(1, 1000), 32)
    .option("--sigma-min <sigma>", "lowest noise level, in units of the data, above 0", positive, 0.002)
    .option("--sigma-max <sigma>", "highest noise level, in units of the data, above --sigma-min", positive, 80)
    .option("--rho <rho>", "exponent of the noise levels' spacing, above 0", positive, 7)
    .option("--guidance <weight>", "guidance weight, any number; 1 is off and needs no --gnet", finite, 1)
    .option(
      "--guidance-interval <lo,hi>",
      "noise levels lo < sigma <= hi where guidance acts, lo from 0, hi up to inf (default: all)",
      interval,
    )
    .option("--solver <name>", `integrator: ${solverNames.join(", ")}`, oneOf(...solverNames), "heun")
    .option("--S-churn <amount>", "noise added while sampling, from 0; 0 is deterministic", notNegative, 0)
    .option("--S-min <sigma>", "lowest noise level that gets added noise, from 0", notNegative, 0)
    .addOption(
      new Option("--S-max <sigma>", "highest noise level that gets added noise, from 0 up to inf")
        .argParser(notNegativeOrInfinite)
        .default(Number.POSITIVE_INFINITY, "inf"),
    )
    .option("--S-noise <scale>", "scale of the added noise, above 0", positive, 1)
    .option(
      "--rng <name>",
      `which PyTorch generator a seed feeds: ${generatorNames.join(", ")}`,
      oneOf(...generatorNames),
      "torch-cpu",
    );
}

/** What `tandem generate` does with an option that is not given. */
export const generationDefaults = (): GenerateOptions =>
  generateOptions(new Command()).parse([], { from: "user" }).opts<GenerateOptions>();
