/** @file One picture on its way into a dataset: decoded, transformed, encoded. Runs in the threads of a conversion. */
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { DomainError } from "@tandem/errors";
import { fileError } from "@tandem/formats";
import { PictureDecoder } from "../pictures/decode.js";
import { type Picture, Resampler } from "../resample/resampler.js";
import { transforms } from "../transforms/index.js";
import { encodePng } from "../writing/png.js";
import type { ConvertPlan } from "./options.js";
import type { PictureFile } from "./picture-source.js";
import type { Travelling } from "./prepare-pool.js";

/** A picture as an image of the dataset, or why it is none. */
export type Prepared =
  | { readonly bytes: Uint8Array; readonly crc: number; readonly width: number; readonly height: number }
  | { readonly code: string; readonly message: string };

/** Prepares pictures, one after the other. */
export class Preparer {
  readonly #decoder = new PictureDecoder();
  readonly #resampler = new Resampler();

  constructor(private readonly plan: ConvertPlan) {}

  /** @param file the picture's path, for errors */
  async prepare(file: string, picture: Travelling): Promise<Prepared> {
    try {
      const decoded = "data" in picture ? picture : await this.#decoder.decode(bytesOf(file, picture), file);
      const size = this.plan.size ?? decoded;
      const image = transforms[this.plan.transform](decoded, size, this.#resampler);
      const problem = sizeProblem(file, image, this.plan);
      if (problem) return problem;
      const bytes = encodePng(image);
      return { bytes, crc: crc32(bytes), width: image.width, height: image.height };
    } catch (error) {
      if (!(error instanceof DomainError) || !isOfThePicture(error)) throw error;
      // The resampler knows no file.
      const message = error.reason === "LIMIT_EXCEEDED" ? `${file}: ${error.message}` : error.message;
      return { code: "unreadable", message };
    }
  }
}

function bytesOf(file: string, picture: Uint8Array | PictureFile): Uint8Array {
  if (picture instanceof Uint8Array) return picture;
  try {
    return readFileSync(picture.path);
  } catch (error) {
    throw fileError(file, error);
  }
}

/** Whether others can be read though this one cannot. */
export const isOfThePicture = ({ reason }: DomainError): boolean => OF_THE_PICTURE.has(reason);

const OF_THE_PICTURE: ReadonlySet<string> = new Set([
  "DATASET_INVALID",
  "RESOURCE_NOT_FOUND",
  "URI_NOT_ALLOWED",
  "LIMIT_EXCEEDED",
]);

/** The rule of datasets for training: squares, with a power of two as their side (numerics, section 7). */
function sizeProblem(file: string, { width, height }: Picture, { allowAnySize }: ConvertPlan): Prepared | undefined {
  if (allowAnySize) return undefined;
  const mend = "give a transform and a size, or allow any size";
  if (width !== height) return { code: "not-square", message: `${file}: is ${width}x${height}, not square; ${mend}` };
  if ((width & (width - 1)) !== 0)
    return { code: "not-power-of-two", message: `${file}: is ${width}x${height}, not a power of two; ${mend}` };
  return undefined;
}
