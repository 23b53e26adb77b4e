import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { toPixels } from "./pixels.js";
import { readGoldenTensors } from "./testing/golden.js";

const folder = new URL("../../../e2e/golden/sampler/", import.meta.url);
const runs = readdirSync(folder).filter((file) => file.endsWith(".safetensors") && !file.includes("net"));

describe("pixels", () => {
  it.each(runs)("of the reference's samples are the reference's pixels: %s", (file) => {
    const { latents } = readGoldenTensors(new URL(file, folder));
    const bytes = readFileSync(new URL(file, folder));
    const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
    const [start, end] = JSON.parse(bytes.toString("utf8", 8, headerEnd)).images.data_offsets;
    const images = new Uint8Array(bytes.subarray(headerEnd + start, headerEnd + end));
    expect(toPixels(latents!, "chw").data).toEqual(images);
  });

  it("are laid out with the channels last, as pictures are", () => {
    const samples = { shape: [1, 3, 1, 2], data: Float32Array.of(-1, 1, 0, 0.5, -0.5, 2) };
    const { data, ...extents } = toPixels(samples);
    expect(extents).toEqual({ count: 1, height: 1, width: 2 });
    expect([...data]).toEqual([0, 128, 64, 255, 191, 255]);
  });

  it.each([[[1, 4, 1, 1]], [[2, 2]]])("refuse samples of shape %j", (shape) => {
    const samples = { shape, data: new Float32Array(4) };
    expect(() => toPixels(samples)).toThrow(expect.objectContaining({ reason: "SHAPE_MISMATCH" }));
  });
});
