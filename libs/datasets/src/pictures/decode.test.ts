/**
 * A tree of a million pictures holds every kind of broken file. Each must be refused with its name, at once and in bounded memory: one
 * that decodes to grey noise, or that ends the process, costs days.
 */
import { crc32 } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import sharp, { type Sharp } from "sharp";
import { decodePicture } from "./decode.js";
import { MAX_PIXELS } from "./max-pixels.js";

/** An RGB picture that no codec stores in a few bytes. */
function noise(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  let state = 1;
  const data = Buffer.alloc(width * height * channels).map(() => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state >> 16;
  });
  return sharp(data, { raw: { width, height, channels } });
}

const refused = async (bytes: Uint8Array, why: string | RegExp) => {
  const decoding = decodePicture(bytes, "tree/a.jpg");
  await expect(decoding).rejects.toMatchObject({ reason: "DATASET_INVALID", details: { resource: "tree/a.jpg" } });
  await expect(decoding).rejects.toThrow(why);
  await expect(decoding).rejects.toThrow("tree/a.jpg: ");
};

/** A PNG with a chunk before its pixels. */
function withChunk(png: Buffer, type: string, content: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type), content, Buffer.alloc(4)]);
  chunk.writeUInt32BE(content.length, 0);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

/** The header of a JPEG or PNG with another size in it. */
function saying(bytes: Buffer, at: number, width: number, height: number): Buffer {
  const changed = Buffer.from(bytes);
  if (bytes[0] === 0xff) {
    changed.writeUInt16BE(height, at);
    changed.writeUInt16BE(width, at + 2);
  } else {
    changed.writeUInt32BE(width, at);
    changed.writeUInt32BE(height, at + 4);
    changed.writeUInt32BE(crc32(changed.subarray(12, 29)), 29);
  }
  return changed;
}

describe("a picture", () => {
  it("is decoded by its bytes, whatever its name says", async () => {
    const original = await noise(21, 13).raw().toBuffer();
    for (const bytes of [
      await noise(21, 13).png().toBuffer(),
      await noise(21, 13).webp({ lossless: true }).toBuffer(),
    ]) {
      const { width, height, data } = await decodePicture(bytes, "x.txt");
      expect([width, height]).toEqual([21, 13]);
      expect(Buffer.from(data).equals(original)).toBe(true);
    }
  });

  it("of JPEG has the pixels that sharp has, whatever the subsampling, and progressive too", async () => {
    for (const options of [
      { chromaSubsampling: "4:2:0" },
      { chromaSubsampling: "4:4:4" },
      { progressive: true },
      { quality: 30 },
    ]) {
      const bytes = await noise(77, 131).blur(2).jpeg(options).toBuffer();
      const { data } = await decodePicture(bytes, "a.jpg");
      expect(Buffer.from(data).equals(await sharp(bytes).raw().toBuffer())).toBe(true);
    }
  });

  it("of PNG has the pixels that sharp has, whatever the filters, the colour type, the depth and the order", async () => {
    for (const adaptiveFiltering of [true, false])
      for (const make of [
        () => noise(61, 43).blur(1.5),
        () => noise(61, 43, 4),
        () => noise(61, 43).blur(1).greyscale(),
        () => noise(61, 43, 4).greyscale(),
        () => noise(1, 9),
        () => noise(9, 1),
      ])
        for (const options of [
          {},
          { progressive: true },
          { palette: true },
          { palette: true, colours: 4 },
          { compressionLevel: 0 },
        ]) {
          const bytes = await make()
            .png({ adaptiveFiltering, ...options })
            .toBuffer();
          const { data } = await decodePicture(bytes, "a.png");
          const expected = await sharp(bytes).removeAlpha().toColourspace("srgb").raw().toBuffer();
          expect(Buffer.from(data).equals(expected)).toBe(true);
        }
  });

  it("in grey, of a palette, or with alpha is RGB; colours under alpha stay", async () => {
    const grey = await noise(8, 8).greyscale().png().toBuffer();
    const { data: greys } = await decodePicture(grey, "grey.png");
    expect(greys.length).toBe(8 * 8 * 3);
    expect(greys[0]).toBe(greys[2]);
    const greyJpeg = await noise(8, 8).greyscale().jpeg().toBuffer();
    expect((await decodePicture(greyJpeg, "grey.jpg")).data.length).toBe(8 * 8 * 3);
    const palette = await noise(8, 8).png({ palette: true, colours: 16 }).toBuffer();
    expect((await decodePicture(palette, "palette.png")).data.length).toBe(8 * 8 * 3);
    const clear = Buffer.from([10, 20, 30, 0, 40, 50, 60, 255]);
    const png = await sharp(clear, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodePicture(png, "clear.png")).data]).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it("is not turned by its orientation, and its colour profile is not applied", async () => {
    const plain = await noise(6, 9).png().toBuffer();
    const turned = await sharp(plain).withExif({ IFD0: {} }).withMetadata({ orientation: 6 }).png().toBuffer();
    const profiled = await sharp(plain).withIccProfile("p3").png().toBuffer();
    const { data } = await decodePicture(turned, "turned.png");
    expect(Buffer.from(data).equals(await sharp(plain).raw().toBuffer())).toBe(true);
    const other = await decodePicture(profiled, "profiled.png");
    expect(Buffer.from(other.data).equals(await sharp(profiled, { ignoreIcc: true }).raw().toBuffer())).toBe(true);
  });

  it("that is cut off anywhere is refused", async () => {
    for (const bytes of [
      await noise(64, 64).png().toBuffer(),
      await noise(64, 64).jpeg().toBuffer(),
      await noise(64, 64).jpeg({ progressive: true }).toBuffer(),
      await noise(64, 64).webp().toBuffer(),
    ])
      for (const part of [0, 5, 40, bytes.length >> 1, bytes.length - 40])
        await refused(bytes.subarray(0, part), part === 0 ? "is empty" : /cut off|too few|damaged/);
    const jpeg = await noise(64, 64).jpeg().toBuffer();
    await refused(jpeg.subarray(0, jpeg.length - 2), "damaged or cut off");
  });

  it("that is damaged inside is refused", async () => {
    // A WebP has no checksum: what decodes there is taken for good.
    const png = await noise(64, 64).png().toBuffer();
    png.fill(0xaa, png.length >> 1, (png.length >> 1) + 60);
    await refused(png, "cannot be decoded");
    const jpeg = await noise(64, 64).jpeg().toBuffer();
    jpeg.fill(0, jpeg.length >> 1, (jpeg.length >> 1) + 100);
    await refused(jpeg, "cannot be decoded");
  });

  it("that says it is huge is refused before it is decoded", async () => {
    const png = await noise(16, 16).png().toBuffer();
    await refused(saying(png, 16, 30_000, 30_000), String(MAX_PIXELS));
    const jpeg = await noise(16, 16).jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    await refused(saying(jpeg, frame + 5, 60_000, 60_000), String(MAX_PIXELS));
  });

  it("with many frames, more than 8 bits or CMYK is refused", async () => {
    const frames = await sharp(await noise(8, 16).raw().toBuffer(), {
      raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
    })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    await refused(frames, "animated");
    await refused(withChunk(await noise(8, 8).png().toBuffer(), "acTL", Buffer.alloc(8)), "animated");
    await refused(await noise(8, 8).toColourspace("rgb16").png().toBuffer(), "16 bits");
    await refused(await noise(8, 8).toColourspace("cmyk").jpeg().toBuffer(), "CMYK");
  });

  it("of another type is refused by that type's name", async () => {
    await refused(await noise(8, 8).gif().toBuffer(), "a GIF");
    await refused(await noise(8, 8).tiff().toBuffer(), "a TIFF");
    await refused(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><rect width='9'/></svg>"), "an SVG");
    await refused(Buffer.from("a text that has nothing to do with pictures"), "no picture");
  });
});
