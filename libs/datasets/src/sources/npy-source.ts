/** @file Pictures of a NumPy array: uint8 [n, h, w] grey, or [n, h, w, c] with 1, 3 or 4 channels. */
import { basename } from "node:path";
import { parseNpyHeader } from "@tandem/formats";
import type { PictureSource } from "../converting/picture-source.js";
import { invalidDataset } from "../invalid-dataset.js";
import { ArraySource } from "./array-source.js";
import { readHead } from "./head.js";
import { fileRecords } from "./records.js";

/** @throws DomainError DATASET_INVALID naming the file: another type or shape, column-major, cut off; UNSAFE_FILE */
export async function openNpy(path: string): Promise<PictureSource> {
  const { dtype, shape, isColumnMajor, start } = parseNpyHeader(await readHead(path), path);
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if (dtype !== "U8") throw invalidDataset(path, `holds ${dtype}; images are uint8, 0 to 255`);
  if (isColumnMajor) throw invalidDataset(path, "is column-major: save numpy.ascontiguousarray of it");
  if (
    (shape.length !== 3 && shape.length !== 4) ||
    (channels !== 1 && channels !== 3 && channels !== 4) ||
    count * height * width < 1
  )
    throw invalidDataset(path, `is [${shape}]; images are [n, height, width] or [n, height, width, 1, 3 or 4]`);
  const size = height * width * channels;
  const records = await fileRecords(path, { start, size, stride: size, count });
  const pixels = { width, height, channels, isPlanar: false } as const;
  return new ArraySource(path, [{ name: basename(path, ".npy"), records, pixels }], undefined);
}
