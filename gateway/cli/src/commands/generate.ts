/** @file `tandem generate`: images from seeds. */
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { autoencoderReference, localFolderOf } from "../generate/autoencoder-reference.js";
import { Generation } from "../generate/generation.js";
import { checkLocal, isLocal, resolveNetwork } from "../generate/model-reference.js";
import { type GenerateOptions, generateOptions } from "../generate/options.js";
import { describePlan, planOf } from "../generate/plan.js";
import { checkOptions, type Networks, toSpec } from "../generate/spec.js";

export const generate = {
  usage: "generate",
  description: `Images from seeds, as OUTDIR/000016.png with their settings inside.

Run again, the command keeps every whole image that was made with exactly its settings and makes the others, those made with
other settings included. Nothing is ever half written.`,
  example:
    "tandem generate --net net.safetensors --gnet gnet.safetensors --guidance 2 --seeds 0-15 --outdir out --grid grid.png",
  options: generateOptions,
  async action(context: Context, options: GenerateOptions, _args: string[], command: Command) {
    const isGiven = (name: keyof GenerateOptions) => command.getOptionValueSource(name) === "cli";
    checkOptions(options, isGiven);
    await generateImages(context, options, isGiven);
  },
};

/** Makes the images of checked options through the gateway. */
export async function generateImages(
  context: Context,
  options: GenerateOptions,
  isGiven: (name: keyof GenerateOptions) => boolean,
): Promise<void> {
  const { output, signal } = context;
  for (const role of ["net", "gnet"] as const) await checkLocal(options[role], role);
  const autoencoder = options.autoencoder && (await autoencoderReference(options.autoencoder));
  const generation = new Generation(context, options);
  await generation.prepare();
  await using gateway = await Gateway.open(
    context,
    ["local"],
    [...foldersOf(options.net, options.gnet), ...localFolderOf(autoencoder)],
  );
  const networks: Networks = {
    net: options.net && (await resolveNetwork(options.net, "net", gateway, signal)),
    gnet: options.gnet && (await resolveNetwork(options.gnet, "gnet", gateway, signal)),
    autoencoder,
  };
  if (options.gnet !== undefined && options.guidance === 1 && options.preset === undefined)
    output.note("--guidance is 1: --gnet is not used");
  const spec = (seeds: readonly number[]) => toSpec(options, networks, seeds, isGiven);

  if (options.dryRun || generation.hasFiles) {
    const plan = await planOf(gateway, spec(options.seeds.slice(0, 1)), signal);
    await generation.compare(plan, gateway);
    if (options.dryRun) {
      const { missing, kept } = generation;
      return output.result(...describePlan(plan, options, missing.length, kept));
    }
  }
  await generation.run(gateway, spec);
}

/** Folders of the networks that lie on this machine: what a sampler of our own may read. */
function foldersOf(...networks: (string | undefined)[]): string[] {
  const paths = networks.filter((network): network is string => network !== undefined && isLocal(network));
  return [...new Set(paths.map((path) => dirname(resolve(path))))];
}
