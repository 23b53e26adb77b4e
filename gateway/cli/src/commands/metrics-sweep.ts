/** @file `tandem metrics sweep`: a metric against EMA length or guidance weight, as a table and a plot. */
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.js";
import { checkFigureName, saveFigure } from "../figures/save-figure.js";
import type { GenerateOptions } from "../generate/options.js";
import { checkGenerated, type GeneratedOptions, ModelMeasurement } from "../metrics/generated.js";
import { reportValues, summaries } from "../metrics/report.js";
import { drawSweep, type SweepPoint } from "../metrics/sweep-figure.js";
import { finite, missing } from "../option-values.js";
import { generatedOptions } from "./metrics-gen.js";

interface SweepOptions extends GeneratedOptions {
  nets?: string[];
  guidances?: number[];
  save?: string;
}

export const metricsSweep = {
  usage: "sweep",
  description: `Metrics of several networks or guidance weights, as a table and a plot of the best of all seeds with their spread.

The horizontal axis is the EMA length that the networks' names end with, as tandem ema reconstruct writes them, when there are several
networks, else the guidance weight. What is on record is not measured again, so a sweep grows by more values.`,
  example:
    "tandem metrics sweep --nets run/phema-*.safetensors --guidances 1,1.5,2 --gnet gnet.pkl --ref ref.pb --save sweep.svg",
  options: (command: Command) =>
    generatedOptions(command)
      .option("--nets <models...>", "main networks, instead of --net")
      .option("--guidances <list>", "guidance weights, instead of --guidance, e.g. 1,1.5,2", weights)
      .option("--save <file>", "the plot: .svg, .png or .pdf"),
  async action(context: Context, options: SweepOptions, _args: string[], command: Command) {
    const {
      nets = options.net === undefined ? [] : [options.net],
      guidances = [options.guidance ?? 1],
      save,
    } = options;
    if (nets.length === 0) throw missing("nets", "say which networks to measure");
    if (options.ref === undefined) throw missing("ref", "say what to compare with (make it with tandem metrics ref)");
    if (save !== undefined) checkFigureName(save);
    const isGiven = (name: keyof GenerateOptions) =>
      name === "net" || name === "guidance" || command.getOptionValueSource(name) === "cli";
    const runs = nets.flatMap((net) => guidances.map((guidance) => ({ ...options, net, guidance })));
    for (const run of runs) checkGenerated(run, isGiven);
    const networks = [...nets, options.gnet].filter((one) => one !== undefined);
    await using measurement = await ModelMeasurement.open(context, options, networks);
    const points: SweepPoint[] = [];
    for (const run of runs) {
      const name = `${basename(run.net)}, guidance ${run.guidance}`;
      context.output.note(name);
      const result = await measurement.measure(run, isGiven, name);
      reportValues(context, result);
      for (const summary of summaries(result))
        points.push({ ...summary, net: run.net, ema: emaOf(run.net), guidance: run.guidance });
    }
    if (save === undefined) return;
    await saveFigure(save, drawSweep(points));
    context.output.result({ kind: "plot", path: save }, save);
  },
};

/** The EMA length at the end of a network's name: `phema-0002147-0.150.safetensors`. */
const emaOf = (net: string): number | undefined => {
  const [, std] = /-(\d\.\d{3})\.[a-z]+$/.exec(net) ?? [];
  return std === undefined ? undefined : Number(std);
};

const weights = (text: string): number[] => {
  const values = text.split(",").map((one) => finite(one));
  if (new Set(values).size < values.length) throw new InvalidArgumentError("It must name every weight once.");
  return values;
};
