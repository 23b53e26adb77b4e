/** @file How a network is named on the command line, and what the gateway takes in its place. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { GenerationPreset } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { Gateway } from "../gateway.js";

/** What a network is to a preset. */
type Role = "net" | "gnet";

/**
 * A network as the gateway takes it.
 * @param text  a local file, a URI, `preset:NAME`, or a resource name `servers/{server}/models/{model}`
 * @throws DomainError RESOURCE_NOT_FOUND naming the option: no such file, no such preset, or a preset without a guiding network
 */
export async function resolveNetwork(text: string, role: Role, gateway: Gateway, signal: AbortSignal): Promise<string> {
  if (text.startsWith("preset:")) return networkOfPreset(text.slice("preset:".length), role, gateway, signal);
  return isLocal(text) ? localFile(text, `--${role}`) : text;
}

/** Whether a network is named by a path: neither a URI nor a server's model. */
export const isLocal = (text: string): boolean =>
  !/^[a-z][a-z0-9+.-]+:/i.test(text) && !/^servers\/[^/]+\/models\/[^/]+$/.test(text);

/** Finds out before anything is started that a local file is not there. @throws DomainError RESOURCE_NOT_FOUND */
export async function checkLocal(text: string | undefined, role: Role): Promise<void> {
  if (text !== undefined && isLocal(text)) await localFile(text, `--${role}`);
}

/**
 * The URI of a file on this machine.
 * @throws DomainError RESOURCE_NOT_FOUND naming the option
 */
export async function localFile(path: string, option: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
  if (!found) throw new DomainError("RESOURCE_NOT_FOUND", `${option}: there is no file ${path}`, { resource: path });
  if (found.isDirectory())
    throw new DomainError("RESOURCE_NOT_FOUND", `${option}: ${path} is a folder, not a network's file`, {
      resource: path,
    });
  return pathToFileURL(resolve(path)).href;
}

/** All presets of the gateway, in order of name. */
export async function listPresets(gateway: Gateway, signal: AbortSignal): Promise<GenerationPreset[]> {
  const presets: GenerationPreset[] = [];
  let pageToken = "";
  do {
    const page = await gateway.gateway.listGenerationPresets({ pageSize: 1000, pageToken }, { signal });
    presets.push(...page.generationPresets);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return presets;
}

async function networkOfPreset(name: string, role: Role, gateway: Gateway, signal: AbortSignal): Promise<string> {
  const preset = (await listPresets(gateway, signal)).find((one) => one.name === `generationPresets/${name}`);
  if (!preset)
    throw new DomainError("RESOURCE_NOT_FOUND", `--${role}: there is no preset ${name}; see tandem presets`, {
      resource: name,
    });
  const sampling = preset.spec?.sampling;
  const model = role === "net" ? sampling?.model : sampling?.guidance[0]?.model;
  if (!model)
    throw new DomainError("RESOURCE_NOT_FOUND", `--${role}: preset ${name} has no guiding network`, { resource: name });
  return model;
}
