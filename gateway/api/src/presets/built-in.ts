/** @file The published presets: networks, guidance weight and metrics of the EDM2 and autoguidance papers. */
import { readFile } from "node:fs/promises";
import { GenerationPreset } from "@tandem/contracts";
import { z } from "zod";

const FILE = new URL("../../data/presets.json", import.meta.url);

const Published = z.object({
  /** Folder that holds the networks. */
  root: z.url(),
  presets: z.record(
    z.string(),
    z.strictObject({
      net: z.string(),
      gnet: z.string().optional(),
      /** Guidance weight; goes with gnet. */
      guidance: z.number().optional(),
      published: z.record(z.string(), z.number()),
    }),
  ),
});

/** Presets of the data file, in its order. Sampling settings that a preset does not state are the contract's defaults. */
export async function builtInPresets(): Promise<GenerationPreset[]> {
  const { root, presets } = Published.parse(JSON.parse(await readFile(FILE, "utf8")));
  return Object.entries(presets).map(([name, { net, gnet, guidance, published }]) =>
    GenerationPreset.fromPartial({
      name: `generationPresets/${name}`,
      description: describe(net, gnet, guidance),
      spec: {
        sampling: {
          model: `${root}/${net}`,
          guidance: gnet === undefined ? [] : [{ model: `${root}/${gnet}`, weight: guidance }],
        },
      },
      published,
    }),
  );
}

function describe(net: string, gnet: string | undefined, guidance: number | undefined): string {
  const main = net.replace(/\.pkl$/, "");
  return gnet === undefined ? main : `${main} guided by ${gnet.replace(/\.pkl$/, "")} at ${guidance}`;
}
