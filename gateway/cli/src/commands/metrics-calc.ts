/** @file `tandem metrics calc`: how far images are from a reference. */
import type { Command } from "commander";
import type { Context } from "../context.js";
import { sourceUri } from "../dataset/options.js";
import { evaluate, openEvaluator } from "../metrics/evaluator.js";
import { type CompareOptions, compareOptions, fileRef, metricOptions, toMetrics } from "../metrics/options.js";
import { reportValues } from "../metrics/report.js";

import { missing } from "../option-values.js";

interface CalcOptions extends CompareOptions {
  images?: string;
}

export const metricsCalc = {
  usage: "calc",
  description: `Metrics of the images of a folder or ZIP file against reference statistics.

Exactly --num images are measured: of more, the subset that NumPy's RandomState(seed) shuffles to the front. Every value is kept as a
record, which answers the same question next time; an interrupted command goes on where it was.`,
  example: "tandem metrics calc --images out --ref img512.pkl --metrics fid,fd_dinov2",
  options: (command: Command) =>
    compareOptions(
      metricOptions(command.option("--images <path>", "a folder or ZIP file of images"), 64),
      "seeds of the subset of more images than --num, one value each, e.g. 0-2",
    ),
  async action(context: Context, options: CalcOptions) {
    const { images, ref, num, seed, again, detector } = options;
    if (images === undefined) throw missing("images", "say which images to measure");
    if (ref === undefined) throw missing("ref", "say what to compare with (make it with tandem metrics ref)");
    const files = { uri: await sourceUri("images", images) };
    const spec = {
      ...(await toMetrics(options)),
      source: { $case: "images" as const, value: { files, subsetSeeds: seed.map(BigInt) } },
      reference: await fileRef("--ref", ref),
      numImages: BigInt(num),
      ignoreRecords: again,
    };
    await using server = await openEvaluator(context, [images, ref, ...detector.map(([, file]) => file)]);
    reportValues(context, await evaluate(context, server, "measure", spec));
  },
};
