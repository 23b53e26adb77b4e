import { inflateSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import sharp from "sharp";
import { encodePng } from "./png.js";

describe("an uncompressed PNG", () => {
  /** 200 x 200 takes two stored blocks, 1 x 21845 and 21845 x 1 end where a block does, or beside it. */
  test.each([
    [1, 1],
    [64, 64],
    [200, 200],
    [1, 21_845],
    [21_845, 1],
  ])("of %i x %i pixels is read by others as it was", async (width, height) => {
    const data = new Uint8Array(width * height * 3).map((_, i) => (i * 7919) >> 3);
    const png = encodePng({ width, height, data });
    const { data: read, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width, height, channels: 3 });
    expect(Buffer.from(data).equals(read)).toBe(true);
  });

  test("carries the checksum of its rows, and no compression", () => {
    const png = encodePng({ width: 300, height: 300, data: new Uint8Array(300 * 300 * 3).fill(255) });
    const rows = 301 * 300 * 3 - 300 * 2;
    expect(png.length).toBe(8 + 25 + 12 + 2 + 5 * Math.ceil(rows / 65_535) + rows + 4 + 12);
    // Throws when the Adler-32 is another.
    expect(inflateSync(png.subarray(41, png.length - 16)).length).toBe(rows);
  });
});
