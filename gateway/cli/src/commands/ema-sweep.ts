/** @file `tandem ema sweep`: which EMA length looks best. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { type EmaOptions, inEmaOptions, profileOptions, rootsOf, toReconstructionSpec } from "../ema/options.js";
import { sweepPicture } from "../ema/picture.js";
import { type MadeNetwork, openReconstructor, reconstructNetworks } from "../ema/reconstruct.js";
import { Gateway } from "../gateway.js";
import { imagePath, prepareFolder, writeOutput } from "../generate/image-files.js";
import { type GenerateOptions, generationDefaults } from "../generate/options.js";
import { checkOptions } from "../generate/spec.js";
import { parseSeeds } from "../lists/seeds.js";
import { checked, finite, integer, missing } from "../option-values.js";
import { generateImages } from "./generate.js";

interface SweepOptions extends Omit<EmaOptions, "outprefix" | "skip" | "batch"> {
  grid?: string;
  seeds: number[];
  class?: number;
  steps: number;
  gnet?: string;
  guidance: number;
}

export const emaSweep = {
  usage: "sweep",
  description: `Images of the same seeds with every EMA length, in one picture: a row a length, shortest first, a column a seed.

Networks and images stay in --outdir: run again, with more lengths or seeds, the command makes only what is missing.`,
  example: "tandem ema sweep --indir runs/digits --outdir sweep --outstd 0.050,0.075,...,0.150 --seeds 0-7",
  options: (command: Command) =>
    profileOptions(command)
      .option("--outdir <folder>", "where networks and images go; made when missing")
      .option("--grid <file>", "the picture, a PNG (default: OUTDIR/sweep.png)")
      .option("--seeds <list>", "one column a seed, e.g. 0-7", checked(parseSeeds), [16, 17, 18, 19])
      .option("--class <index>", "class label of every image (default: drawn from each seed)", integer(-1))
      .option("--steps <n>", "sampling steps, 1 to 1000", integer(1, 1000), 32)
      .option("--gnet <model>", "guiding network, as for generate")
      .option("--guidance <weight>", "guidance weight, any number; 1 is off", finite, 1),
  async action(context: Context, options: SweepOptions) {
    const { output } = context;
    const { outdir, grid = join(outdir ?? "", "sweep.png") } = options;
    if (outdir === undefined) throw missing("outdir", "say where networks and images go");
    const generation = generationOptions(options);
    await prepareFolder("--outdir", outdir);
    const networks = await makeNetworks(context, options);
    await using gateway = await Gateway.open(context, ["local"], [resolve(outdir), ...rootsOf(options.gnet)]);
    const near = { ...context, options: { ...context.options, server: gateway.address } }; // one stack for all lengths
    const rows: string[][] = [];
    for (const { std, path, nimg } of networks) {
      const folder = join(outdir, `images-${Math.floor(nimg / 1000)}-${std.toFixed(3)}`);
      const own = { ...generation.options, net: path, outdir: folder };
      await generateImages(near, own, (name) => name === "net" || name === "outdir" || generation.isGiven(name));
      rows.push(options.seeds.map((seed) => imagePath(folder, seed, own)));
    }
    await writeOutput("--grid", grid, await sweepPicture(rows));
    const stds = networks.map(({ std }) => std);
    const lengths = stds.map((std) => std.toFixed(3)).join(", ");
    output.result(
      { kind: "sweep", grid, stds, seeds: options.seeds },
      `${grid}  rows ${lengths}; columns seeds ${options.seeds}`,
    );
  },
};

/** Networks that are there are kept. */
async function makeNetworks(context: Context, options: SweepOptions): Promise<MadeNetwork[]> {
  const spec = await toReconstructionSpec({ ...options, outprefix: "phema", skip: true, batch: 8 });
  await using reconstructor = await openReconstructor(context, rootsOf(options.indir, options.outdir));
  try {
    return (await reconstructNetworks(context, reconstructor, spec)).networks;
  } catch (error) {
    throw inEmaOptions(error);
  }
}

/** Options as `tandem generate` takes them: its defaults, and what was said here. */
function generationOptions({ seeds, class: label, steps, gnet, guidance }: SweepOptions) {
  const given = {
    seeds,
    steps,
    guidance,
    ...(label !== undefined && { class: label }),
    ...(gnet !== undefined && { gnet }),
  };
  const defaults = generationDefaults();
  const options = { ...defaults, ...given, net: "checked later" };
  const isGiven = (name: keyof GenerateOptions) => name in given;
  checkOptions({ ...options, outdir: "checked later" }, isGiven);
  return { options, isGiven };
}
