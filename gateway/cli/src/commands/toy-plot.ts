/** @file `tandem toy plot`: the eight panels of the autoguidance paper's Figure 2 for two toy networks. */
import { dirname } from "node:path";
import { DomainError } from "@tandem/errors";
import type { Network } from "@tandem/networks";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { checkFigureName, saveFigure } from "../figures/save-figure.js";
import { prepareFolder } from "../generate/image-files.js";
import { readNetworkFile } from "../networks/read.js";
import { checked, finite, integer, oneOf } from "../option-values.js";
import { drawFigure } from "../toy/figure.js";
import { measureToy } from "../toy/measure.js";

interface PlotOptions {
  net: string;
  gnet: string;
  guidance: number;
  cls: "A" | "B" | "AB";
  samples: number;
  seed: number;
  save?: string[];
}

const collect = (text: string, before: string[] = []): string[] => [...before, checked(checkFigureName)(text)];

export const toyPlot = {
  usage: "plot",
  description: `The 2D toy in eight panels, as Figure 2 of the autoguidance paper.

The true distribution; samples and trajectories without and with guidance; the densities of net and gnet, and their ratio.`,
  example: "tandem toy plot --net net.safetensors --gnet gnet.safetensors --guidance 3 --save toy.png toy.pdf",
  options: (command: Command) =>
    command
      .requiredOption("--net <file>", "main toy network: .safetensors or .pkl")
      .requiredOption("--gnet <file>", "guiding toy network: smaller, trained for less time")
      .option("--guidance <w>", "guidance weight; 1 is none", finite, 3)
      .option("--cls <classes>", "classes of the true distribution: A, B, AB", oneOf("A", "B", "AB"), "A")
      .option("--samples <n>", "points, 1 to 65536", integer(1, 65_536), 8192)
      .option("--seed <n>", "seed of the first point", integer(0), 0)
      .option("--save <file...>", "files to write: .png, .pdf, .svg (default: toy.png)", collect),
  async action(context: Context, { save = ["toy.png"], net, gnet, cls, ...options }: PlotOptions) {
    for (const file of save) await prepareFolder("--save", dirname(file));
    const [main, guiding] = [await toyNetwork("--net", net, context), await toyNetwork("--gnet", gnet, context)];
    const { threads } = context.options;
    const measured = { net: main, gnet: guiding, classes: cls, threads, signal: context.signal, ...options };
    const svg = drawFigure(await measureToy(measured));
    for (const file of save) await saveFigure(file, svg);
    context.output.result({ files: save, guidance: options.guidance, samples: options.samples }, save.join("\n"));
  },
};

async function toyNetwork(option: string, file: string, context: Context): Promise<Network> {
  const network = await readNetworkFile(file, context);
  if (network.config.kind === "toy_mlp") return network;
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `${option} ${file} is a ${network.config.kind}; the plot is of toy networks`,
    {
      resource: file,
    },
  );
}
