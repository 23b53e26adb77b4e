/** Pictures come from strangers, and one decoder here is native code without a sandbox: whatever the bytes, it answers. */
import { describe, expect, it } from "@jest/globals";
import { DomainError } from "@tandem/errors";
import fc from "fast-check";
import sharp from "sharp";
import { decodePicture } from "./decode.js";

const pixels = Buffer.alloc(70 * 50 * 3).map((_, i) => (i * 7919) >> 4);
const picture = () => sharp(pixels, { raw: { width: 70, height: 50, channels: 3 } }).blur(1);

const files: [name: string, bytes: () => Promise<Buffer>][] = [
  ["a PNG", () => picture().png().toBuffer()],
  ["an interlaced PNG of a palette", () => picture().png({ palette: true, progressive: true }).toBuffer()],
  ["a JPEG", () => picture().jpeg().toBuffer()],
  ["a progressive JPEG", () => picture().jpeg({ progressive: true }).toBuffer()],
  ["a JPEG of full colour", () => picture().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer()],
  ["a grey JPEG", () => picture().greyscale().jpeg().toBuffer()],
  ["a WebP", () => picture().webp().toBuffer()],
  ["a lossless WebP", () => picture().webp({ lossless: true }).toBuffer()],
];

async function check(bytes: Uint8Array): Promise<void> {
  try {
    const { width, height, data } = await decodePicture(bytes, "mutated");
    expect(data.length).toBe(width * height * 3);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.reason).toBe("DATASET_INVALID");
    expect(error.message).toMatch(/^mutated: /);
  }
}

describe("damaged bytes give pixels or DATASET_INVALID", () => {
  it.each(files)("of %s with some changed, most of them in its head, and the rest cut off", async (_, make) => {
    const original = await make();
    const at = fc.oneof(fc.nat({ max: original.length - 1 }), fc.nat({ max: Math.min(original.length - 1, 600) }));
    const value = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(at, value), { maxLength: 6 }),
        fc.option(fc.nat({ max: original.length }), { freq: 5 }),
        async (changes, length) => {
          const bytes = Uint8Array.from(original);
          for (const [index, byte] of changes) bytes[index] = byte;
          await check(bytes.subarray(0, length ?? bytes.length));
        },
      ),
      { numRuns: 200 },
    );
  });
});
