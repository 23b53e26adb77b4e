/** Pictures of a run that is not finished are for people: a color that is off is worse than none. */
import { describe, expect, it } from "@jest/globals";
import { ChannelMapFit } from "./channel-map.js";
import { toPixels } from "./pixels.js";
import { previewRgb } from "./preview.js";

const map = [
  [0.4, 0.1, -0.2, 0.05, 0.1],
  [-0.1, 0.5, 0.1, 0.2, -0.2],
  [0.2, 0.1, 0.3, -0.3, 0],
];
const latents = { shape: [2, 4, 6, 5], data: Float32Array.from({ length: 240 }, (_, i) => Math.sin(i * i)) };

const fitted = (...lessons: Parameters<ChannelMapFit["add"]>[]) => {
  const fit = new ChannelMapFit(4);
  for (const lesson of lessons) fit.add(...lesson);
  return fit.map!;
};

/** Each latent as 2x2 pixels. */
function doubled(pictures: ReturnType<typeof toPixels>): ReturnType<typeof toPixels> {
  const [height, width] = [2 * pictures.height, 2 * pictures.width];
  const data = Uint8Array.from({ length: pictures.count * height * width * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / (3 * width)) % height];
    const n = Math.floor(i / (3 * width * height));
    return pictures.data[((n * pictures.height + (y >> 1)) * pictures.width + (x >> 1)) * 3 + c]!;
  });
  return { ...pictures, height, width, data };
}

describe("a map fitted to a decoder", () => {
  it("is the decoder, when that is linear", () => {
    const decoded = doubled(toPixels(previewRgb(latents, map)));
    const found = fitted([latents, decoded]);
    for (const [rgb, row] of found.entries())
      for (const [c, value] of row.entries()) expect(Math.abs(value - map[rgb]![c]!)).toBeLessThan(0.005);
    const again = toPixels(previewRgb(latents, found)).data;
    const differences = toPixels(previewRgb(latents, map)).data.map((value, i) => Math.abs(value - again[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  });

  it("learns from one image after the other what it learns from all at once", () => {
    const half = (n: number) => ({ shape: [1, 4, 6, 5], data: latents.data.slice(120 * n, 120 * (n + 1)) });
    const lesson = (one: typeof latents) => [one, doubled(toPixels(previewRgb(one, map)))] as const;
    const apart = fitted([...lesson(half(0))], [...lesson(half(1))]);
    const together = fitted([...lesson(latents)]);
    expect(
      apart
        .flat()
        .map((value, i) => Math.abs(value - together.flat()[i]!))
        .every((gap) => gap < 1e-12),
    ).toBe(true);
    expect(new ChannelMapFit(4).map).toBeUndefined();
  });

  it("stays finite where channels are all the same", () => {
    const constant = { shape: [1, 4, 2, 2], data: new Float32Array(16).fill(0.5) };
    const grey = { count: 1, height: 4, width: 4, data: new Uint8Array(48).fill(200) };
    const pixels = toPixels(previewRgb(constant, fitted([constant, grey]))).data;
    expect(Math.max(...pixels.map((value) => Math.abs(value - 200)))).toBeLessThanOrEqual(1);
  });

  it("refuses pictures that are not those of the latents", () => {
    const other = { count: 1, height: 12, width: 10, data: new Uint8Array(360) };
    expect(() => fitted([latents, other])).toThrow("are not those of latents [2,4,6,5]");
  });
});
