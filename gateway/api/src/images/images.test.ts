/** @file Files of images: exact pixels, settings inside, the same bytes for the same image. */
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import sharp from "sharp";
import { encodeNpy } from "./npy.js";
import { encodePng } from "./png.js";
import { portableName, portableNames } from "./portable-names.js";
import { insertText, readText } from "./text-chunk.js";

const pixels = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => (i * 37) % 256);

describe("a PNG", () => {
  it("has exactly the pixels and the same bytes each time", async () => {
    const png = await encodePng(pixels, 5, 7, '{"seed":"1"}');
    expect(await sharp(png).raw().toBuffer()).toEqual(Buffer.from(pixels));
    expect(await sharp(png).metadata()).toMatchObject({ width: 5, height: 7, channels: 3, format: "png" });
    expect(await encodePng(pixels, 5, 7, '{"seed":"1"}')).toEqual(png);
  });

  it("gives back JSON with any text in it", async () => {
    const png = await encodePng(pixels, 5, 7);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = JSON.stringify({ text });
        expect(JSON.parse(readText(insertText(png, "tandem", json), "tandem")!)).toEqual({ text });
      }),
    );
    expect(readText(png, "tandem")).toBeUndefined();
  });

  it("with text passes a reader that checks every chunk's CRC", async () => {
    const png = await encodePng(pixels, 5, 7, "Grüße");
    expect(readText(png, "tandem")).toBe("Gr\\u00fc\\u00dfe");
    expect((await sharp(png, { failOn: "warning" }).raw().toBuffer()).length).toBe(pixels.length);
  });
});

describe("an NPY file", () => {
  it.each([[[3, 2, 2]], [[2]], [[1, 1]]])("of shape %s has an aligned header that says so", (shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const file = encodeNpy(
      shape,
      Float32Array.from({ length: size }, (_, i) => i / 2),
    );
    const length = file.readUInt16LE(8);
    expect((10 + length) % 64).toBe(0);
    const header = file.toString("latin1", 10, 10 + length);
    expect(header).toContain(shape.length === 1 ? "'shape': (2,)" : `'shape': (${shape.join(", ")})`);
    expect(header.endsWith("\n")).toBe(true);
    expect(file.length).toBe(10 + length + size * 4);
    expect(file.readFloatLE(10 + length + (size - 1) * 4)).toBe((size - 1) / 2);
  });
});

describe("a model's name in a file", () => {
  it.each([
    ["file:///a/b/net.pkl", undefined, "net.pkl"],
    ["https://host/x/edm2%20s.pkl?v=1", undefined, "edm2 s.pkl"],
    ["/weights/net.safetensors", undefined, "net.safetensors"],
    ["servers/a/models/net", "file:///elsewhere/net.pkl", "net.pkl"],
    ["servers/-/models/net", undefined, "models/net"],
  ])("of %s (from %s) is %s", (reference, source, name) => {
    expect(portableName(reference, source)).toBe(name);
  });

  it("tells different weights of one file name apart, and only those", () => {
    const model = (reference: string, digest: string) => ({ reference, source: undefined, digest: `sha256:${digest}` });
    expect([
      ...portableNames([model("/a/net.pkl", "1".repeat(64)), model("/b/net.pkl", "2".repeat(64))]).values(),
    ]).toEqual(["net.pkl@11111111", "net.pkl@22222222"]);
    expect([...portableNames([model("/a/net.pkl", "1"), model("/b/net.pkl", "1")]).values()]).toEqual([
      "net.pkl",
      "net.pkl",
    ]);
  });
});
