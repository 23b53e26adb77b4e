/** @file An image with its settings on disk: inside a PNG, or in a JSON file beside a NumPy file. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ImageInfo } from "@tandem/contracts";
import { z } from "zod";
import { writeOutput } from "./image-files.js";
import type { GenerateOptions } from "./options.js";
import { textOfWholePng } from "./png.js";

/** Keyword of the settings in a PNG (ImageFormat in the contract). */
const KEYWORD = "tandem";

const sidecar = z.object({ sha256: z.string(), info: z.unknown() });

/** A whole image that is there already. */
export interface StoredImage {
  readonly info: ImageInfo;
  readonly data: Buffer;
}

/** SHA-256 of a file's bytes, hexadecimal. */
export const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

const besideOf = (path: string) => path.replace(/\.npy$/, ".json");

/**
 * Stores an image. A NumPy file's settings are written first, with the digest of the data: they count only together.
 * @throws DomainError naming path and reason; an image is never half there
 */
export async function storeImage(
  path: string,
  format: GenerateOptions["format"],
  data: Uint8Array,
  info: ImageInfo,
): Promise<void> {
  if (format !== "png") {
    const text = JSON.stringify({ sha256: sha256(data), info: ImageInfo.toJSON(info) }, null, 2);
    await writeOutput("--outdir", besideOf(path), Buffer.from(`${text}\n`));
  }
  await writeOutput("--outdir", path, data);
}

/** The image at a path, if it is whole and says how it was made. */
export async function storedImage(path: string, format: GenerateOptions["format"]): Promise<StoredImage | undefined> {
  const data = await readIfThere(path);
  if (!data) return undefined;
  const text = format === "png" ? textOfWholePng(data, KEYWORD) : await settingsBeside(path, data);
  const info = text === undefined ? undefined : parseInfo(text);
  return info && { info, data };
}

async function settingsBeside(path: string, data: Buffer): Promise<string | undefined> {
  const text = (await readIfThere(besideOf(path)))?.toString("utf8");
  const found = sidecar.safeParse(parseJson(text));
  return found.success && found.data.sha256 === sha256(data) ? JSON.stringify(found.data.info) : undefined;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Settings written by something else are no settings of ours. */
function parseInfo(text: string): ImageInfo | undefined {
  const json = parseJson(text);
  return typeof json === "object" && json !== null && "sampling" in json ? ImageInfo.fromJSON(json) : undefined;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined; // no JSON: not written by us
  }
}
