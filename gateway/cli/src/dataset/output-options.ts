/** @file The options of commands that make a dataset, as the contract's request. */
import { fileURLToPath } from "node:url";
import { DatasetSpec } from "@tandem/contracts";
import { invalid } from "@tandem/errors";
import { type Command, Option } from "commander";
import { autoencoderReference } from "../generate/autoencoder-reference.js";
import { parseImageCount } from "../lists/image-counts.js";
import { checked, integer, missing } from "../option-values.js";
import { destinationUri, fileUri, sourceUri } from "./options.js";

/** Options as commander hands them over. */
export interface OutputOptions {
  source?: string;
  dest?: string;
  maxImages?: number;
  contactSheet?: string;
}

/** Adds those that say what is read and what is made. */
export function outputOptions(command: Command, source: string): Command {
  return command
    .option("--source <path>", source)
    .option(
      "--dest <path>",
      "the dataset to make: a ZIP file when it ends in .zip, else a folder; it must not be there",
    )
    .option(
      "--max-images <n>",
      "most images to write, in sorted order of names, e.g. 5000 or 64Ki (default: all)",
      checked(atLeastOne),
    );
}

/** The options of commands that compute with an autoencoder. */
export interface CodeOptions extends OutputOptions {
  vae: string;
  modelUrl?: string;
  batch: number;
}

/** Adds those of an autoencoder. */
export function codeOptions(command: Command): Command {
  return command
    .option(
      "--vae <path>",
      "the autoencoder: a diffusers folder, its weights file, https://..., OWNER/NAME of the public hub, or a server's model such as vae or servers/c/models/vae",
      "stabilityai/sd-vae-ft-mse",
    )
    .addOption(new Option("--model-url <path>", "the reference's name of --vae").hideHelp())
    .option("--batch <n>", "images at once, 1 to 256", integer(1, 256), 4);
}

/**
 * The autoencoder as the contract names it, and what a builder of our own must be able to read for it.
 * @throws DomainError RESOURCE_NOT_FOUND naming the option
 */
export async function autoencoderOf({ vae, modelUrl = vae }: CodeOptions) {
  const autoencoder = await autoencoderReference(modelUrl, "--vae");
  return { autoencoder, read: autoencoder.startsWith("file:") ? fileURLToPath(autoencoder) : autoencoder };
}

/** The request. @throws DomainError FIELD_INVALID naming the option that is missing, RESOURCE_NOT_FOUND */
export async function toDatasetSpec(
  { source, dest, maxImages, contactSheet }: OutputOptions,
  operation: NonNullable<DatasetSpec["operation"]>,
): Promise<DatasetSpec> {
  if (source === undefined) throw missing("source", "say what to read");
  if (dest === undefined) throw missing("dest", "say where the dataset goes");
  return DatasetSpec.fromPartial({
    source: { uri: await sourceUri("source", source) },
    outputUri: destinationUri(dest),
    maxImages: BigInt(maxImages ?? 0),
    contactSheetUri: contactSheet === undefined ? "" : fileUri(contactSheet),
    operation,
  });
}

function atLeastOne(text: string): number {
  const count = parseImageCount(text);
  if (count >= 1) return count;
  throw invalid("number of images", text, "at least 1");
}
