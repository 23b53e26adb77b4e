/** @file Resource names: `servers/{server}/models/{model}`, `generationPresets/{preset}`, and URIs of weights in their place. */
import { invalid } from "@tandem/errors";

const SEGMENT = "[a-z0-9][a-z0-9._-]{0,127}";
const SERVER = new RegExp(`^servers/(${SEGMENT})$`);
const SERVER_MODEL = new RegExp(`^servers/(-|${SEGMENT})/(models/${SEGMENT})$`);
const PRESET = new RegExp(`^(?:generationPresets/)?(${SEGMENT})$`);
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** What a model field may say. */
export type ModelReference =
  /** A model of one server. */
  | { kind: "server"; server: string; model: string }
  /** A model of this name on any healthy server that has it. */
  | { kind: "any"; model: string }
  /** A weights file, to be found among the loaded models or loaded. */
  | { kind: "uri"; uri: string };

/** `servers/{server}/models/{model}` of a server's own `models/{model}`. */
export function qualified(server: string, model: string): string {
  return `servers/${server}/${model}`;
}

/** True when the text can be the {server}, {model} or {preset} of a name. */
export function isSegment(text: string): boolean {
  return new RegExp(`^${SEGMENT}$`).test(text);
}

/**
 * Reads a model field: a resource name, or the URI or plain path of a weights file.
 * @throws DomainError FIELD_INVALID naming the field
 */
export function parseModelReference(field: string, text: string): ModelReference {
  if (text === "") throw invalid(field, undefined, MODEL_FORMS);
  const [, server, model] = SERVER_MODEL.exec(text) ?? [];
  if (server && model) return server === "-" ? { kind: "any", model } : { kind: "server", server, model };
  if (text.startsWith("servers/") || text.startsWith("models/")) throw invalid(field, text, MODEL_FORMS);
  if (SCHEME.test(text)) return { kind: "uri", uri: text };
  if (text.startsWith("/")) return { kind: "uri", uri: new URL(`file://${encodeURI(text)}`).href };
  throw invalid(field, text, `${MODEL_FORMS}; a path must be absolute`);
}

const MODEL_FORMS =
  "servers/{server}/models/{model}, servers/-/models/{model}, or the URI of a weights file (file:, https:, /path)";

/** Reads `servers/{server}/models/{model}` where a URI is not allowed. */
export function parseModelName(field: string, text: string): Extract<ModelReference, { kind: "server" | "any" }> {
  const [, server, model] = SERVER_MODEL.exec(text) ?? [];
  if (!server || !model)
    throw invalid(field, text || undefined, "servers/{server}/models/{model} or servers/-/models/{model}");
  return server === "-" ? { kind: "any", model } : { kind: "server", server, model };
}

/** Reads `servers/{server}`. */
export function parseServerName(field: string, text: string): string {
  const [, server] = SERVER.exec(text) ?? [];
  if (!server) throw invalid(field, text, "servers/{server}");
  return server;
}

/** Reads `generationPresets/{preset}` or {preset} alone. */
export function parsePresetName(field: string, text: string): string {
  const [, preset] = PRESET.exec(text) ?? [];
  if (!preset) throw invalid(field, text, "generationPresets/{preset} or the preset's name alone");
  return preset;
}
