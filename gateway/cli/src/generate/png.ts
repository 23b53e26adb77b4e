/** @file What a PNG says of itself, without decoding it: whether it is whole, and the settings in it (ISO/IEC 15948). */
import { crc32 } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The text stored under a keyword.
 * @returns undefined when the file is no PNG, is cut short or damaged (each chunk's checksum is compared), or has no such text
 */
export function textOfWholePng(png: Buffer, keyword: string): string | undefined {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  let text: string | undefined;
  for (let at = SIGNATURE.length; at + 12 <= png.length; ) {
    const end = at + 8 + png.readUInt32BE(at);
    if (end + 4 > png.length) return undefined;
    const body = png.subarray(at + 4, end);
    if (crc32(body) !== png.readUInt32BE(end)) return undefined;
    const type = body.toString("latin1", 0, 4);
    if (type === "IEND") return text;
    const split = body.indexOf(0, 4);
    if (type === "tEXt" && body.toString("latin1", 4, split) === keyword) text = body.toString("latin1", split + 1);
    at = end + 4;
  }
  return undefined;
}
