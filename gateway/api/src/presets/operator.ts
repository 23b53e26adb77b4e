/** @file The operator's own presets: YAML or JSON files in the contract's JSON form. */
import { readFile } from "node:fs/promises";
import { GenerationPreset } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { parse } from "yaml";
import { z } from "zod";
import { parsePresetName } from "../names.js";

const File = z.strictObject({ presets: z.array(z.looseObject({ name: z.string() })) });

/**
 * Presets of a file: `presets:` and a list of GenerationPreset messages, e.g.
 * `{name: mine, description: ..., spec: {sampling: {model: servers/-/models/net}}}`.
 * @throws DomainError FIELD_INVALID naming file and field; a misspelt field is an error, not ignored
 */
export async function operatorPresets(path: string): Promise<GenerationPreset[]> {
  const content = File.safeParse(parse(await readFile(path, "utf8")));
  if (!content.success) throw invalid(path, z.prettifyError(content.error), "`presets:` with a list of presets");
  return content.data.presets.map((json, index) => {
    const field = `${path}: presets[${index}]`;
    const preset = GenerationPreset.fromJSON(json);
    const [unknown] = lostPaths(json, GenerationPreset.toJSON(preset));
    if (unknown !== undefined)
      throw invalid(`${field}.${unknown}`, "unknown", "a field of GenerationPreset, in camelCase, of the right type");
    return { ...preset, name: `generationPresets/${parsePresetName(`${field}.name`, preset.name)}` };
  });
}

/** Paths of values in the file that did not reach the message. */
function lostPaths(json: unknown, message: unknown, path = ""): string[] {
  if (typeof json !== "object" || json === null) {
    const isDefault = message === undefined && (json === 0 || json === "" || json === false || json === null);
    return isDefault || String(json) === String(message) ? [] : [path];
  }
  const there = (message ?? {}) as Record<string, unknown>;
  return Object.entries(json).flatMap(([key, value]) => lostPaths(value, there[key], path ? `${path}.${key}` : key));
}
