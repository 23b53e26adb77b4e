/** @file Any picture as RGB pixels. */
import { isMainThread } from "node:worker_threads";
import { invalidDataset } from "../invalid-dataset.js";
import type { Picture } from "../resample/resampler.js";
import { checkKind, type PictureKind } from "./kind.js";
import { MAX_PIXELS } from "./max-pixels.js";
import { decodePng } from "./png.js";
import { turboJpeg } from "./turbo-jpeg.js";

/**
 * Decodes a PNG, JPEG or WebP, whatever its name says. Grey and palettes become RGB; alpha is dropped, colours below it stay as they
 * are; colour profiles are not applied, and orientation tags do not turn the picture: pixels are those that are stored. JPEGs and
 * plain PNGs are decoded in the thread that calls.
 * @param file its name, for errors
 * @throws DomainError DATASET_INVALID naming the file: damaged, cut off, more than 2^26 pixels, animated, more than 8 bits a
 *   channel, CMYK, of another type
 */
export function decodePicture(bytes: Uint8Array, file: string): Promise<Picture> {
  return new PictureDecoder((pixels) => new Uint8Array(pixels * 3)).decode(bytes, file);
}

/** Decodes pictures one after the other; what it returns may be valid until the next only. @see decodePicture */
export class PictureDecoder {
  constructor(private readonly room: (pixels: number) => Uint8Array = reusedRoom()) {}

  async decode(bytes: Uint8Array, file: string): Promise<Picture> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const kind = checkKind(file, buffer);
    try {
      const picture = decodeHere(kind, buffer, (pixels) => {
        if (pixels > MAX_PIXELS) throw new Error("pixel limit");
        return this.room(pixels);
      });
      if (picture) return picture;
    } catch (error) {
      throw invalidDataset(file, reasonOf(error as Error), error);
    }
    return decodeBySharp(buffer, file);
  }
}

/** What is decoded in the thread that calls; undefined for all else. */
function decodeHere(kind: PictureKind, bytes: Buffer, room: (pixels: number) => Uint8Array): Picture | undefined {
  if (kind === "png") return decodePng(bytes, room);
  return kind === "jpeg" ? turboJpeg()?.decode(bytes, room) : undefined;
}

/** One piece of memory that grows to the largest picture: fresh memory for each takes longer to get than to fill. */
function reusedRoom(): (pixels: number) => Uint8Array {
  let memory = new Uint8Array();
  return (pixels) => {
    if (memory.length < pixels * 3) memory = new Uint8Array(pixels * 3);
    return memory.subarray(0, pixels * 3);
  };
}

let sharp: Promise<typeof import("sharp").default> | undefined;

/** Loaded when it is wanted: threads that see JPEGs only start sooner. In one of ours it needs no threads, and keeps no picture. */
async function loadSharp() {
  const { default: loaded } = await import("sharp");
  if (!isMainThread) {
    loaded.concurrency(1);
    loaded.cache(false);
  }
  return loaded;
}

async function decodeBySharp(bytes: Buffer, file: string): Promise<Picture> {
  sharp ??= loadSharp();
  const open = await sharp;
  const { data, info } = await open(bytes, {
    limitInputPixels: MAX_PIXELS,
    failOn: "warning",
    ignoreIcc: true,
    sequentialRead: true,
  })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw invalidDataset(file, reasonOf(error), error);
    });
  const { width, height, channels } = info;
  return { width, height, data: channels === 3 ? data : asRgb(data, channels, width * height) };
}

/** RGB of grey (1), grey with alpha (2), RGB with alpha (4). */
function asRgb(pixels: Uint8Array, channels: number, count: number): Uint8Array {
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  const data = new Uint8Array(count * 3);
  for (let to = 0, from = 0; to < data.length; to += 3, from += channels) {
    data[to] = pixels[from]!;
    data[to + 1] = pixels[from + green]!;
    data[to + 2] = pixels[from + blue]!;
  }
  return data;
}

/** One line of what the decoder says, which may be many. */
function reasonOf({ message }: Error): string {
  const line = message.split("\n").find((text) => text.trim() !== "") ?? "unknown reason";
  if (/pixel limit/i.test(line)) return `has more than ${MAX_PIXELS} pixels, the most that are read`;
  return `cannot be decoded: it is damaged or cut off (${line.trim()})`;
}
