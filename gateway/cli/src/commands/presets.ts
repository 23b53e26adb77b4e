/** @file `tandem presets`: settings under a name, the published ones among them. */
import type { GenerationPreset } from "@tandem/contracts";
import type { Context } from "../context.js";
import { Gateway } from "../gateway.js";
import { listPresets } from "../generate/model-reference.js";

function describePreset({ name, description, spec, published }: GenerationPreset) {
  const [term] = spec?.sampling?.guidance ?? [];
  return {
    name: name.replace(/^generationPresets\//, ""),
    description,
    net: spec?.sampling?.model ?? "",
    gnet: term?.model ?? null,
    guidance: term?.weight ?? 1,
    published: Object.fromEntries(published instanceof Map ? published : Object.entries(published)),
  };
}

export const presets = {
  usage: "presets",
  description: "Generation presets: networks, guidance weight, and published metrics.",
  example: "tandem presets --json",
  async action(context: Context) {
    await using gateway = await Gateway.open(context);
    context.output.results(
      (await listPresets(gateway, context.signal)).map(describePreset),
      {
        preset: (one) => one.name,
        what: (one) => one.description,
        published: (one) =>
          Object.entries(one.published)
            .map(([metric, value]) => `${metric} ${value}`)
            .join(", "),
      },
      "no presets",
    );
  },
};
