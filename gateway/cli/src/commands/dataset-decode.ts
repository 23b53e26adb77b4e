/** @file `tandem dataset decode`: latents into images. */
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

export const datasetDecode = {
  usage: "decode",
  description: `Images of the latents of a dataset, by the means of their posteriors.

Interrupted, the same command goes on where it was.`,
  example: "tandem dataset decode --source latents.zip --dest images.zip --vae sd-vae-ft-mse",
  options: (command: Command) => codeOptions(outputOptions(command, "the latents: a dataset that encode made")),
  async action(context: Context, options: CodeOptions) {
    const { autoencoder, read } = await autoencoderOf(options);
    const coder = { autoencoder, batchSize: options.batch };
    const spec = await toDatasetSpec(options, { $case: "decode", value: coder });
    await makeDataset(context, "decode", options, spec, [read]);
  },
};
