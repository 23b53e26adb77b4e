/** @file What the commands of `tandem dataset` have in common: places of this machine as URIs, and errors in the options' words. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DomainError } from "@tandem/errors";
import { isLocal } from "../generate/model-reference.js";

/**
 * The URI of something to read; a folder's ends in "/".
 * @throws DomainError RESOURCE_NOT_FOUND naming the option
 */
export async function sourceUri(option: string, text: string): Promise<string> {
  if (!isPath(text)) return text;
  const facts = await stat(text).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
  if (!facts)
    throw new DomainError("RESOURCE_NOT_FOUND", `--${option}: there is no file or folder ${text}`, { resource: text });
  const { href } = pathToFileURL(resolve(text));
  return facts.isDirectory() && !href.endsWith("/") ? `${href}/` : href;
}

/** The URI of a dataset to make: an archive when its name says so, else a folder. */
export function destinationUri(text: string): string {
  if (!isPath(text)) return text;
  const { href } = pathToFileURL(resolve(text));
  return /\.zip$/i.test(text) || href.endsWith("/") ? href : `${href}/`;
}

/** The URI of a file to make. */
export const fileUri = (text: string): string => (isPath(text) ? pathToFileURL(resolve(text)).href : text);

/** Folders of this machine that a builder of our own must reach: what is read, and where something is made. */
export function rootsOf({ read, made }: Readonly<Record<"read" | "made", readonly (string | undefined)[]>>): string[] {
  const local = (texts: readonly (string | undefined)[]) =>
    texts.filter((text): text is string => text !== undefined && isPath(text)).map((text) => resolve(text));
  const remote = read.filter((text): text is string => text !== undefined && /^https?:/i.test(text));
  return [...local(read), ...local(made).map((path) => dirname(path)), ...remote];
}

const isPath = (text: string): boolean => isLocal(text) && !/^(servers\/[^/]+\/)?artifacts\//.test(text);

const optionOf: Readonly<Record<string, string>> = {
  source: "--source",
  output_uri: "--dest",
  max_images: "--max-images",
  contact_sheet_uri: "--contact-sheet",
  "convert.transform": "--transform",
  "convert.width": "--resolution",
  "convert.height": "--resolution",
  "convert.allow_any_size": "--allow-any-size",
  "convert.label_source": "--label-source",
  "convert.labels": "--labels",
  "convert.skip_bad": "--skip-bad",
  "convert.workers": "--workers",
  "encode.autoencoder": "--vae",
  "encode.batch_size": "--batch",
  "decode.autoencoder": "--vae",
  "decode.batch_size": "--batch",
};

/** The same error; where its message names a field of the request, the option stands there. */
export function inDatasetOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const [, model] = /^servers\/-\/models\/(.*)$/.exec(error.details.resource ?? "") ?? [];
  if (error.reason === "NOT_SUPPORTED" && model) return noSuchAutoencoder(model);
  const message = error.message
    .replace(/spec\.([a-z_]+(?:\.[a-z_]+)?)/g, (field, name: string) => {
      const whole = name.replace(/\.uri$/, "");
      return optionOf[whole] ?? optionOf[whole.replace(/\..*/, "")] ?? field;
    })
    .replace(/^source\.uri\b/, "--source");
  return message === error.message ? error : new DomainError(error.reason, message, { ...error.details, cause: error });
}

/** A name that is no file's could be a model's, but a builder that was started for the command knows no servers. */
function noSuchAutoencoder(name: string): DomainError {
  const message = `--vae: there is no file or folder ${name}; for a model of that name, name its gateway with --server`;
  return new DomainError("RESOURCE_NOT_FOUND", message, { resource: name });
}
