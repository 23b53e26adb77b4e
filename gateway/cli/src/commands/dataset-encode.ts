/** @file `tandem dataset encode`: images into latents. */
import type { Command } from "commander";
import type { Context } from "../context.js";
import { makeDataset } from "../dataset/make.js";
import {
  autoencoderOf,
  type CodeOptions,
  codeOptions,
  outputOptions,
  toDatasetSpec,
} from "../dataset/output-options.js";

export const datasetEncode = {
  usage: "encode",
  description: `Latents of the images of a dataset: mean and standard deviation of each posterior, in float32.

Interrupted, the same command goes on where it was. It ends with the statistics of the latents, as latent-stats gives them.`,
  example: "tandem dataset encode --source images.zip --dest latents.zip --vae sd-vae-ft-mse",
  options: (command: Command) =>
    codeOptions(outputOptions(command, "the images: a dataset, or anything that convert reads, all of one size")),
  async action(context: Context, options: CodeOptions) {
    const { autoencoder, read } = await autoencoderOf(options);
    const coder = { autoencoder, batchSize: options.batch };
    const spec = await toDatasetSpec(options, { $case: "encode", value: { ...coder, measureStatistics: true } });
    await makeDataset(context, "encode", options, spec, [read]);
  },
};
