/** @file A tEXt chunk in a PNG (ISO/IEC 15948, 11.3.4.3): text that travels with the pixels. */
import { crc32 } from "node:zlib";

/** Signature and IHDR chunk, which a PNG begins with. */
const AFTER_HEADER = 8 + 25;

/**
 * The PNG with a tEXt chunk behind its header.
 * @param png      a whole PNG
 * @param keyword  1 to 79 Latin-1 characters
 * @param text     any text; what lies outside ASCII is written as JSON's \u escapes, since tEXt is Latin-1
 */
export function insertText(png: Uint8Array, keyword: string, text: string): Buffer {
  const ascii = text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const body = Buffer.from(`tEXt${keyword}\0${ascii}`, "latin1");
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return Buffer.concat([png.subarray(0, AFTER_HEADER), chunk, png.subarray(AFTER_HEADER)]);
}

/** The text under a keyword, or undefined. */
export function readText(png: Uint8Array, keyword: string): string | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.toString("latin1", at + 4, at + 8 + length);
    if (body.startsWith(`tEXt${keyword}\0`)) return body.slice(5 + keyword.length);
    at += 12 + length;
  }
  return undefined;
}
