/**
 * @file Uncompressed PNG: the same pixels are the same bytes, whichever version of a compressor there is, and a reader needs no time.
 * Rows are not filtered; the zlib stream has stored blocks only (RFC 2083, 1950, 1951).
 */
import { crc32 } from "node:zlib";
import type { Picture } from "../resample/resampler.js";
import { adler32 } from "./adler32.js";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const RGB = 2;
const STORED_MAX = 65_535;

/** A picture as a PNG file. */
export function encodePng({ width, height, data }: Picture): Buffer {
  const rows = scanlines(width, height, data);
  const blocks = Math.ceil(rows.length / STORED_MAX);
  const stream = 2 + 5 * blocks + rows.length + 4;
  const file = Buffer.allocUnsafeSlow(SIGNATURE.length + 25 + 12 + stream + 12);
  SIGNATURE.copy(file);
  const ihdr = SIGNATURE.length;
  file.writeUInt32BE(width, ihdr + 8);
  file.writeUInt32BE(height, ihdr + 12);
  file.set([8, RGB, 0, 0, 0], ihdr + 16);
  const idat = chunk(file, ihdr, "IHDR", 13);
  let at = idat + 8;
  file.set([0x78, 0x01], at);
  at += 2;
  for (let from = 0; from < rows.length; from += STORED_MAX) {
    const length = Math.min(STORED_MAX, rows.length - from);
    file[at] = from + length === rows.length ? 1 : 0;
    file.writeUInt16LE(length, at + 1);
    file.writeUInt16LE(length ^ 0xffff, at + 3);
    file.set(rows.subarray(from, from + length), at + 5);
    at += 5 + length;
  }
  file.writeUInt32BE(adler32(rows), at);
  chunk(file, chunk(file, idat, "IDAT", stream), "IEND", 0);
  return file;
}

/** Each row behind a byte that names its filter: 0, none. */
function scanlines(width: number, height: number, data: Uint8Array): Uint8Array {
  const line = width * 3;
  const rows = new Uint8Array((line + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  return rows;
}

/** Puts length, type and checksum around what stands already at `at + 8`. @returns where the next chunk begins */
function chunk(file: Buffer, at: number, type: string, length: number): number {
  file.writeUInt32BE(length, at);
  file.write(type, at + 4, "latin1");
  file.writeUInt32BE(crc32(file.subarray(at + 4, at + 8 + length)), at + 8 + length);
  return at + 12 + length;
}
