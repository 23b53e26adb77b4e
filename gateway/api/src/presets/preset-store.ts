/** @file The presets that the gateway knows: the published ones and the operator's. */
import { GenerationPreset, GenerationSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { parsePresetName } from "../names.js";
import { builtInPresets } from "./built-in.js";
import { closeNames } from "./close-names.js";
import { mergeSpec } from "./merge.js";
import { operatorPresets } from "./operator.js";

/** Presets by name; a preset of a file replaces a published one of the same name. */
export class PresetStore {
  readonly #presets: Map<string, GenerationPreset>;

  constructor(presets: readonly GenerationPreset[]) {
    this.#presets = new Map(presets.map((preset) => [preset.name, preset]));
  }

  /** The published presets and those of the files, in this order. */
  static async load(files: readonly string[]): Promise<PresetStore> {
    const own = await Promise.all(files.map((file) => operatorPresets(file)));
    return new PresetStore([...(await builtInPresets()), ...own.flat()]);
  }

  /** All presets, in order of name. */
  list(): GenerationPreset[] {
    return [...this.#presets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The spec with its preset expanded.
   * @param field  path of the spec in the request, for errors
   * @throws DomainError RESOURCE_NOT_FOUND, listing close names
   */
  expand(field: string, spec: GenerationSpec): GenerationSpec {
    if (spec.preset === "") return spec;
    const name = parsePresetName(`${field}.preset`, spec.preset);
    const preset = this.#presets.get(`generationPresets/${name}`);
    if (!preset) throw this.#unknown(name);
    return mergeSpec(preset.spec ?? GenerationSpec.fromPartial({}), spec);
  }

  #unknown(name: string): DomainError {
    const close = closeNames(
      name,
      [...this.#presets.keys()].map((key) => key.slice("generationPresets/".length)),
    );
    const hint = close.length > 0 ? `; did you mean ${close.join(", ")}?` : "; ListGenerationPresets lists them";
    return new DomainError("RESOURCE_NOT_FOUND", `there is no preset ${name}${hint}`, {
      resource: `generationPresets/${name}`,
    });
  }
}
