/** @file An image as a sample: RGB, uint8, channels outermost. */
import sharp from "sharp";
import { invalidDataset } from "../invalid-dataset.js";
import { MAX_PIXELS } from "../pictures/max-pixels.js";

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

/**
 * Decodes an image into `target` [3, H, W].
 * @throws DomainError DATASET_INVALID naming the file, when it is damaged or of another size
 */
export async function decodeImage(
  file: string,
  bytes: Buffer,
  { width, height }: ImageFacts,
  target: Uint8Array,
): Promise<void> {
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "truncated" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error) => {
      throw damaged(file, error);
    });
  if (info.width !== width || info.height !== height || info.channels < 3)
    throw invalidDataset(
      file,
      `is ${info.width}x${info.height} with ${info.channels} channels, not ${width}x${height} RGB`,
    );
  const area = width * height;
  const step = info.channels;
  for (let i = 0, at = 0; i < area; i++, at += step) {
    target[i] = data[at]!;
    target[area + i] = data[at + 1]!;
    target[2 * area + i] = data[at + 2]!;
  }
}

const damaged = (file: string, error: unknown) =>
  invalidDataset(file, `cannot be decoded: ${(error as Error).message.split("\n")[0]}`, error);
