/** @file `tandem dataset inspect`: what a dataset holds, and what is wrong with it. */
import { DatasetSpec } from "@tandem/contracts";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { datasetJob, inspectDataset, openBuilder } from "../dataset/builder.js";
import { showDataset } from "../dataset/describe.js";
import { inDatasetOptions, rootsOf, sourceUri } from "../dataset/options.js";
import { missing } from "../option-values.js";

interface InspectOptions {
  source?: string;
  thorough: boolean;
}

export const datasetInspect = {
  usage: "inspect",
  description: `What a dataset holds, and what is wrong with it.

A quick look reads the directory, the labels and the heads of up to 1000 files; --thorough decodes every file.`,
  example: "tandem dataset inspect --source digits.zip --thorough",
  options: (command: Command) =>
    command
      .option("--source <path>", "the dataset: a ZIP file or a folder")
      .option("--thorough", "read and decode every file, and measure latents", false),
  async action(context: Context, { source, thorough }: InspectOptions) {
    if (source === undefined) throw missing("source", "say which dataset");
    const uri = await sourceUri("source", source);
    await using builder = await openBuilder(context, rootsOf({ read: [source], made: [] }));
    try {
      const quick = await inspectDataset(context, builder, uri);
      if (!thorough) return showDataset(context, source, quick, "quick look");
      const check = { measureStatistics: quick.channels > 3 };
      const spec = DatasetSpec.fromPartial({ source: { uri }, operation: { $case: "check", value: check } });
      const { info } = await datasetJob(context, builder, "inspect", spec);
      showDataset(context, source, info!, "every file was read");
    } catch (error) {
      throw inDatasetOptions(error);
    }
  },
};
