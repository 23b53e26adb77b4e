/** @file `tandem metrics ref`: statistics of a dataset, to compare others with. */

import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { fileUri, sourceUri } from "../dataset/options.js";
import { prepareFolder } from "../generate/image-files.js";
import { isLocal } from "../generate/model-reference.js";
import { evaluate, openEvaluator } from "../metrics/evaluator.js";
import { type MetricOptions, metricOptions, toMetrics } from "../metrics/options.js";

import { missing } from "../option-values.js";

interface RefOptions extends MetricOptions {
  data?: string;
  dest?: string;
}

export const metricsRef = {
  usage: "ref",
  description: `Reference statistics of all images of a dataset.

The ending of --dest says what is written: .safetensors, .npz (fid alone) or .pkl hold mean and covariance; .pb holds exact sums, and
the features themselves where a metric compares single images (kid, precision, recall, density, coverage).`,
  example: "tandem metrics ref --data img64.zip --dest img64.safetensors",
  options: (command: Command) =>
    metricOptions(
      command
        .option("--data <path>", "a folder or ZIP file of images")
        .option("--dest <file>", "where to write: .safetensors, .npz, .pkl or .pb"),
      64,
    ),
  async action(context: Context, options: RefOptions) {
    const { data, dest, detector } = options;
    if (data === undefined) throw missing("data", "say whose statistics to make");
    if (dest === undefined) throw missing("dest", "say where they go");
    const files = { uri: await sourceUri("data", data) };
    if (isLocal(dest)) await prepareFolder("--dest", dirname(resolve(dest)));
    const spec = {
      ...(await toMetrics(options)),
      source: { $case: "images" as const, value: { files } },
      statisticsUri: fileUri(dest),
    };
    await using server = await openEvaluator(context, [data, dest, ...detector.map(([, file]) => file)]);
    const { statistics } = await evaluate(context, server, "measure", spec);
    context.output.result({ kind: "statistics", path: dest, artifact: statistics }, dest);
  },
};
