/** @file `tandem ema reconstruct`: networks of other EMA lengths. */
import type { Command } from "commander";
import type { Context } from "../context.js";
import {
  type EmaOptions,
  inEmaOptions,
  outputOptions,
  profileOptions,
  rootsOf,
  toReconstructionSpec,
} from "../ema/options.js";
import { openReconstructor, reconstructNetworks } from "../ema/reconstruct.js";
import { prepareFolder } from "../generate/image-files.js";
import { isLocal } from "../generate/model-reference.js";
import { missing } from "../option-values.js";

export const emaReconstruct = {
  usage: "reconstruct",
  description: `Networks of any EMA length from the snapshots of a run, after training.

Outputs are float16 networks, each whole or absent. "off by" is the distance of the EMA profile obtained from the one wanted; a report,
PREFIX-0008388-report.json, holds both.`,
  example: "tandem ema reconstruct --indir runs/digits --outdir runs/digits --outstd 0.050,0.060,...,0.150",
  options: (command: Command) => outputOptions(profileOptions(command)),
  async action(context: Context, options: EmaOptions) {
    const { output } = context;
    const { indir, outdir } = options;
    if (outdir === undefined) throw missing("outdir", "say where the networks go");
    const spec = await toReconstructionSpec(options);
    if (isLocal(outdir)) await prepareFolder("--outdir", outdir);
    await using reconstructor = await openReconstructor(context, rootsOf(indir, outdir));
    try {
      const { networks, report } = await reconstructNetworks(context, reconstructor, spec);
      for (const network of networks) {
        const how = network.skipped
          ? "was there"
          : `std ${network.std}, off by ${(100 * network.fitError).toFixed(2)} %`;
        output.result({ kind: "network", ...network }, `${network.path}  ${how}`);
      }
      output.result({ kind: "report", path: report }, report);
    } catch (error) {
      throw inEmaOptions(error);
    }
  },
};
