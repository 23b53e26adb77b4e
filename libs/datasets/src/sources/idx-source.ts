/** @file MNIST and its kin: images in an idx3 file (grey) or idx4 file, labels in an idx1 file beside it, each perhaps gzipped. */
import { access } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PictureSource } from "../converting/picture-source.js";
import { invalidDataset } from "../invalid-dataset.js";
import { ArraySource } from "./array-source.js";
import { memoryRecords } from "./records.js";
import { readUnpacked } from "./unpack.js";

/** Unsigned bytes, in idx's words. */
const UINT8 = 8;
const IMAGES = /images([-.]idx)[34](-ubyte)/;

/** Whether bytes begin as an idx file of images does. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && bytes[2] === UINT8 && (bytes[3] === 3 || bytes[3] === 4);

/** Names of idx files of images, training sets first. */
export const idxImages = (names: readonly string[]): string[] =>
  names.filter((name) => IMAGES.test(name)).sort((a, b) => Number(b.includes("train")) - Number(a.includes("train")));

/**
 * @param path of the images; labels are read of the file whose name has "labels-idx1" for "images-idx3", when there is one
 * @throws DomainError DATASET_INVALID naming the file: no idx file, cut off, fewer labels than images
 */
export async function openIdx(path: string): Promise<PictureSource> {
  const bytes = await readUnpacked(path);
  const { extents, start } = header(path, bytes, isIdx(bytes));
  const [count = 0, height = 0, width = 0, channels = 1] = extents;
  if (channels !== 1 && channels !== 3) throw invalidDataset(path, `has ${channels} channels; images have 1 or 3`);
  const size = height * width * channels;
  if (count * size === 0) throw invalidDataset(path, `is [${extents}]: it holds no images`);
  const records = memoryRecords(path, bytes, { start, size, stride: size, count });
  const name = basename(path).replace(/\.gz$/, "");
  const pixels = { width, height, channels, isPlanar: false } as const;
  return new ArraySource(path, [{ name, records, pixels }], await labelsOf(path, count));
}

async function labelsOf(images: string, count: number): Promise<number[] | undefined> {
  const name = basename(images).replace(IMAGES, "labels$11$2");
  if (name === basename(images)) return undefined;
  const other = name.endsWith(".gz") ? name.slice(0, -3) : `${name}.gz`;
  for (const path of [name, other].map((one) => join(dirname(images), one))) {
    if (!(await exists(path))) continue;
    const bytes = await readUnpacked(path);
    const { extents, start } = header(path, bytes, bytes[2] === UINT8 && bytes[3] === 1);
    if (extents[0] !== count || bytes.length < start + count)
      throw invalidDataset(
        path,
        `has ${Math.min(extents[0]!, bytes.length - start)} labels; there are ${count} images`,
      );
    return [...bytes.subarray(start, start + count)];
  }
  return undefined;
}

function header(file: string, bytes: Buffer, isRight: boolean): { extents: number[]; start: number } {
  const axes = bytes[3] ?? 0;
  const start = 4 + 4 * axes;
  if (!isRight || bytes.length < start) throw invalidDataset(file, "is no idx file of unsigned bytes, or is cut off");
  return { extents: Array.from({ length: axes }, (_, i) => bytes.readUInt32BE(4 + 4 * i)), start };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
