/** @file How an autoencoder is named on the command line, and what the gateway takes in its place. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DomainError } from "@tandem/errors";

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;
const SERVER_MODEL = /^servers\/[^/]+\/models\/[^/]+$/;
const MODEL = /^(?:models\/)?([a-z0-9][a-z0-9._-]{0,127})$/;
const HUB = /^[\w.-]+\/[\w.-]+$/;

/** Where the public hub has the weights of a repository of the diffusers layout. */
const hubUri = (name: string) => `https://huggingface.co/${name}/resolve/main/diffusion_pytorch_model.safetensors`;

/**
 * An autoencoder as the gateway takes it: what is there as a file or folder comes first, then names.
 * @param text  a folder or file of this machine, a URI, `OWNER/NAME` of the hub, or a model: `vae`, `servers/c/models/vae`
 * @throws DomainError RESOURCE_NOT_FOUND naming the option
 */
export async function autoencoderReference(text: string, option = "--autoencoder"): Promise<string> {
  if (SCHEME.test(text) || SERVER_MODEL.test(text)) return text;
  const isThere = await stat(text).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
      throw error;
    },
  );
  if (isThere) return pathToFileURL(resolve(text)).href;
  const [, model] = MODEL.exec(text) ?? [];
  if (model && !/\.(safetensors|bin|pt)$/i.test(text)) return `servers/-/models/${model}`;
  if (HUB.test(text) && !/^\.|\.(safetensors|bin|pt)$/i.test(text)) return hubUri(text);
  throw new DomainError("RESOURCE_NOT_FOUND", `${option}: there is no file or folder ${text}`, { resource: text });
}

/** The folder that a sampler must be allowed to read for it: its own, or that of its file. */
export function localFolderOf(reference: string | undefined): string[] {
  if (!reference?.startsWith("file:")) return [];
  return [dirname(fileURLToPath(reference))];
}
