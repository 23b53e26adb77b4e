/**
 * @file Plain PNGs (RFC 2083): 8 bits, not interlaced, of any colour type. sharp takes 0.8 ms to begin with a picture, ten times of what
 * a small one needs. Alpha is dropped.
 */
import { crc32, inflateSync } from "node:zlib";
import type { Picture } from "../resample/resampler.js";
import { MAX_PIXELS } from "./max-pixels.js";
import { unfilter } from "./png-filters.js";

/** Bytes of a pixel, by colour type: grey, RGB, palette, grey with alpha, RGB with alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;
/** Pixels from which on sharp, which holds a few rows at a time, needs less memory and no more time. */
const LARGE = 2 ** 22;
const SIGNATURE_BYTES = 8;

/**
 * @param room gives the bytes to decode into, for a number of pixels
 * @returns undefined when it is not plain
 * @throws Error saying what is damaged
 */
export function decodePng(bytes: Buffer, room: (pixels: number) => Uint8Array): Picture | undefined {
  const { header, palette, data } = chunksOf(bytes);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colour, compression, filter, interlace] = header.subarray(8);
  if (width < 1 || height < 1) throw new Error("it has no pixels");
  if (width * height > MAX_PIXELS) throw new Error("pixel limit");
  const channels = CHANNELS[colour!];
  if (width * height > LARGE) return undefined;
  if (depth !== 8 || !channels || compression !== 0 || filter !== 0 || interlace !== 0) return undefined;
  const size = (width * channels + 1) * height;
  const rows = inflateSync(data, { maxOutputLength: size });
  if (rows.length !== size) throw new Error("pixels are missing");
  unfilter(rows, width * channels, height, channels);
  const pixels = room(width * height);
  if (colour !== PALETTE) copyColours(rows, pixels, width, height, channels);
  else if (!palette || !lookUp(rows, pixels, width, height, palette)) return undefined;
  return { width, height, data: pixels };
}

/** The chunks that matter; those are whole, and their checksums are right. */
function chunksOf(bytes: Buffer): { header: Buffer; palette: Buffer | undefined; data: Buffer } {
  let header: Buffer | undefined;
  let palette: Buffer | undefined;
  const data: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const content = bytes.subarray(at + 8, end);
    // A chunk whose name begins with a capital is needed.
    if (type < "a" && crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end))
      throw new Error(`the checksum of ${type} is wrong`);
    if (type === "IHDR") header = content;
    else if (type === "PLTE") palette = content;
    else if (type === "IDAT") data.push(content);
    else if (type === "IEND") {
      if (header?.length !== 13) throw new Error("it has no header");
      return { header, palette, data: data.length === 1 ? data[0]! : Buffer.concat(data) };
    }
    at = end + 4;
  }
  throw new Error("its end is missing");
}

/** Rows behind their filter's byte, with grey or RGB first in a pixel, as RGB. */
function copyColours(rows: Uint8Array, to: Uint8Array, width: number, height: number, channels: number): void {
  const line = width * channels;
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let y = 0, out = 0; y < height; y++) {
    const begin = y * (line + 1) + 1;
    if (channels === 3) {
      to.set(rows.subarray(begin, begin + line), y * line);
      continue;
    }
    for (let at = begin; at < begin + line; at += channels, out += 3) {
      to[out] = rows[at]!;
      to[out + 1] = rows[at + green]!;
      to[out + 2] = rows[at + blue]!;
    }
  }
}

/** @returns whether all pixels are in the palette */
function lookUp(rows: Uint8Array, to: Uint8Array, width: number, height: number, palette: Uint8Array): boolean {
  for (let y = 0, out = 0; y < height; y++) {
    const begin = y * (width + 1) + 1;
    for (let at = begin; at < begin + width; at++, out += 3) {
      const colour = rows[at]! * 3;
      if (colour + 3 > palette.length) return false;
      to[out] = palette[colour]!;
      to[out + 1] = palette[colour + 1]!;
      to[out + 2] = palette[colour + 2]!;
    }
  }
  return true;
}
