/** @file `tandem metrics gen`: how far a model's images are from a reference, without storing one. */
import type { Command } from "commander";
import type { Context } from "../context.js";
import { type GenerateOptions, networkOptions, samplingOptions } from "../generate/options.js";
import { checkGenerated, type GeneratedOptions, ModelMeasurement } from "../metrics/generated.js";
import { compareOptions, metricOptions } from "../metrics/options.js";
import { reportValues } from "../metrics/report.js";

import { missing } from "../option-values.js";

export const metricsGen = {
  usage: "gen",
  description: `Metrics of a model's images against reference statistics; the images are made on the way and not stored.

Image i of a value has the seed --seed + i. Several first seeds give several values and the best of them, as the papers report. Every
value is kept as a record, which answers the same question next time; an interrupted command goes on where it was.`,
  example:
    "tandem metrics gen --net net.pkl --gnet gnet.pkl --guidance 2.1 --ref img512.pkl --num 50000 --seed 0,50000,100000",
  options: (command: Command) => generatedOptions(command),
  async action(context: Context, options: GeneratedOptions, _args: string[], command: Command) {
    const isGiven = (name: keyof GenerateOptions) => command.getOptionValueSource(name) === "cli";
    checkGenerated(options, isGiven);
    if (options.ref === undefined) throw missing("ref", "say what to compare with (make it with tandem metrics ref)");
    const networks = [options.net, options.gnet].filter((one) => one !== undefined);
    await using measurement = await ModelMeasurement.open(context, options, networks);
    reportValues(context, await measurement.measure(options, isGiven, "generate"));
  },
};

/** Networks, reference, metrics, sampling. */
export function generatedOptions(command: Command): Command {
  compareOptions(networkOptions(command), "seeds of the first images, one value each, e.g. 0,50000,100000");
  return metricOptions(samplingOptions(command), 32);
}
