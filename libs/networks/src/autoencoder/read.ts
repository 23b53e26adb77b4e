/** @file Autoencoders from files and folders. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DomainError } from "@tandem/errors";
import {
  fileError,
  namedTensors,
  parseSafetensors,
  type ReadOptions,
  readPickle,
  readWholeFile,
  type Safetensors,
  sniff,
} from "@tandem/formats";
import type { Unchecked } from "../fields.js";
import { sha256 } from "../file/digest.js";
import { checkTensors } from "../weights/check-tensors.js";
import type { Autoencoder } from "./autoencoder.js";
import { autoencoderConfig } from "./config.js";
import { autoencoderTensors } from "./graphs.js";
import { byCurrentNames, inferredConfig, isAutoencoder } from "./layout.js";

/** What `format` says in the headers of our own files. */
export const autoencoderFormat = "tandem.autoencoder";

/** Where a folder may have its weights, the best first. */
const weightsFiles = ["diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"].flatMap((name) => [
  name,
  join("vae", name),
]);

/**
 * Reads an autoencoder: a folder of the diffusers layout (or of a pipeline, whose `vae` is taken); a weights file of it
 * (.safetensors, .bin, .pt: nothing in it is executed), with the `config.json` beside it if there is one; or a file of ours.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, FIELD_INVALID, MODEL_INCOMPATIBLE, SHAPE_MISMATCH naming file and tensor
 */
export async function readAutoencoder(path: string, options: ReadOptions = {}): Promise<Autoencoder> {
  const file = await weightsFileOf(path);
  const autoencoder = await parseAutoencoder(await readWholeFile(file, options), file);
  if (autoencoder) return autoencoder;
  throw new DomainError(
    "MODEL_INCOMPATIBLE",
    `${file} holds no autoencoder; known are the diffusers layout of AutoencoderKL and files written by this system`,
    { resource: file },
  );
}

/** The weights file that a folder or file stands for. @throws DomainError RESOURCE_NOT_FOUND naming what was looked for */
export async function weightsFileOf(path: string): Promise<string> {
  const facts = await stat(path).catch((error) => {
    throw fileError(path, error);
  });
  if (!facts.isDirectory()) return path;
  for (const name of weightsFiles) {
    const file = join(path, name);
    if ((await textOf(file, async () => true)) !== undefined) return file;
  }
  throw new DomainError("RESOURCE_NOT_FOUND", `${path} has no weights: looked for ${weightsFiles.join(", ")}`, {
    resource: path,
  });
}

/** The autoencoder in a file's bytes; undefined when they hold another network. @param path where they came from */
export async function parseAutoencoder(bytes: Uint8Array, path: string): Promise<Autoencoder | undefined> {
  const { tensors: stored, metadata } = await parseTensors(bytes, path);
  if (!isAutoencoder(stored)) return undefined;
  const tensors = byCurrentNames(stored, path);
  const values =
    metadata.format === autoencoderFormat
      ? parseJson(path, metadata.config ?? "")
      : ((await configBeside(path)) ?? inferredConfig(tensors, path));
  const config = autoencoderConfig(values, path);
  checkTensors(path, autoencoderTensors(config), tensors);
  return { config, tensors, digest: await sha256(bytes) };
}

async function parseTensors(bytes: Uint8Array, path: string): Promise<Pick<Safetensors, "tensors" | "metadata">> {
  if (sniff(bytes.subarray(0, 64)) === "safetensors") return parseSafetensors(bytes, path);
  return { tensors: namedTensors(await readPickle(bytes, path)), metadata: {} };
}

/** The `config.json` of an autoencoder in the file's folder. One of another network says nothing of this file. */
async function configBeside(file: string): Promise<Unchecked | undefined> {
  const path = join(dirname(file), "config.json");
  const text = await textOf(path, () => readFile(path, "utf8"));
  if (text === undefined) return undefined;
  const values = parseJson(path, text);
  return values._class_name === "AutoencoderKL" ? values : undefined;
}

/** What `read` gives for a file that is there. */
async function textOf<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  const isThere = await stat(path).then(
    (facts) => facts.isFile(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
      throw fileError(path, error);
    },
  );
  return isThere ? read() : undefined;
}

function parseJson(path: string, text: string): Unchecked {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null && !Array.isArray(values)) return values as Unchecked;
  } catch (cause) {
    throw new DomainError("UNSAFE_FILE", `${path}: the configuration is not JSON`, { resource: path, cause });
  }
  throw new DomainError("UNSAFE_FILE", `${path}: the configuration is no JSON object`, { resource: path });
}
