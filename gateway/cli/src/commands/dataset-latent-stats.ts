/** @file `tandem dataset latent-stats`: what a network's encoder must know of latents. */
import { DatasetSpec } from "@tandem/contracts";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { datasetJob, openBuilder } from "../dataset/builder.js";
import { showStatistics } from "../dataset/latent-statistics.js";
import { inDatasetOptions, rootsOf, sourceUri } from "../dataset/options.js";
import { missing } from "../option-values.js";

export const datasetLatentStats = {
  usage: "latent-stats",
  description: `Mean and standard deviation of every channel of the latents, ready for a network's encoder.

Of latents drawn from the posteriors, in expectation: no noise is drawn, so the figures have no sampling error. The encoder's scale is
0.5 / deviation, its bias -mean x scale.`,
  example: "tandem dataset latent-stats --source latents.zip",
  options: (command: Command) => command.option("--source <path>", "the latents: a dataset that encode made"),
  async action(context: Context, { source }: { source?: string }) {
    if (source === undefined) throw missing("source", "say which dataset of latents");
    const uri = await sourceUri("source", source);
    await using builder = await openBuilder(context, rootsOf({ read: [source], made: [] }));
    try {
      const operation = { $case: "check", value: { measureStatistics: true } } as const;
      const { info } = await datasetJob(
        context,
        builder,
        "latent-stats",
        DatasetSpec.fromPartial({ source: { uri }, operation }),
      );
      showStatistics(context, info!);
    } catch (error) {
      throw inDatasetOptions(error);
    }
  },
};
