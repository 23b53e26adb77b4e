/** @file An image as a sample: RGB, uint8, channels outermost. */
import sharp from "sharp";
import { invalidDataset } from "../invalid-dataset.js";
import { MAX_PIXELS } from "../pictures/max-pixels.js";
import { decodePng } from "../pictures/png.js";
import type { Picture } from "../resample/resampler.js";

/** Height and width that a file says, and how many colour channels it has beside alpha. */
export interface ImageFacts {
  readonly width: number;
  readonly height: number;
}

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const IEND = Buffer.from("0000000049454e44ae426082", "hex");

/** Bytes of a PNG that tell its size. */
export const HEAD_BYTES = 29;
/** Bytes of a PNG that tell that it is whole. */
export const TAIL_BYTES = IEND.length;

/**
 * What a PNG's first and last bytes say: enough to find sizes that differ, and files that are cut off, in a million files.
 * @throws DomainError DATASET_INVALID naming the file
 */
export function pngFacts(file: string, head: Buffer, tail: Buffer): ImageFacts {
  if (!head.subarray(0, 8).equals(PNG)) throw invalidDataset(file, "is not a PNG image, though its name says so");
  if (!tail.equals(IEND)) throw invalidDataset(file, "is cut off: its last bytes are missing");
  const [depth, colour] = [head[24]!, head[25]!];
  if (depth !== 8) throw invalidDataset(file, `has ${depth} bits a channel; datasets have 8: convert it`);
  if (colour !== 2 && colour !== 0)
    throw invalidDataset(file, "is not RGB or grey without alpha: convert the dataset first");
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

/** What an image of another type says of itself. @throws DomainError DATASET_INVALID naming the file */
export async function imageFacts(file: string, bytes: Buffer): Promise<ImageFacts> {
  const { width, height, hasAlpha } = await sharp(bytes)
    .metadata()
    .catch((error) => {
      throw damaged(file, error);
    });
  if (hasAlpha) throw invalidDataset(file, "has an alpha channel: convert the dataset first");
  return { width, height };
}

/** Pixels up to which a PNG is decoded here, in less time than it takes to begin with sharp; larger ones in sharp's threads. */
const SMALL = 2 ** 16;

/**
 * Decodes an image into `target` [3, H, W]. Colour profiles are not applied.
 * @throws DomainError DATASET_INVALID naming the file, when it is damaged or of another size
 */
export async function decodeImage(file: string, bytes: Buffer, size: ImageFacts, target: Uint8Array): Promise<void> {
  const { width, height, channels, data } = await decoded(bytes, size).catch((error) => {
    throw damaged(file, error);
  });
  if (width !== size.width || height !== size.height || channels < 3)
    throw invalidDataset(file, `is ${width}x${height} with ${channels} channels, not ${size.width}x${size.height} RGB`);
  const area = width * height;
  for (let i = 0, at = 0; i < area; i++, at += channels) {
    target[i] = data[at]!;
    target[area + i] = data[at + 1]!;
    target[2 * area + i] = data[at + 2]!;
  }
}

async function decoded(bytes: Buffer, { width, height }: ImageFacts): Promise<Picture & { channels: number }> {
  if (bytes.subarray(0, 8).equals(PNG) && width * height <= SMALL) {
    const picture = decodePng(bytes, (pixels) => new Uint8Array(pixels * 3));
    if (picture) return { ...picture, channels: 3 };
  }
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "truncated", ignoreIcc: true })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

const damaged = (file: string, error: unknown) =>
  invalidDataset(file, `cannot be decoded: ${(error as Error).message.split("\n")[0]}`, error);
