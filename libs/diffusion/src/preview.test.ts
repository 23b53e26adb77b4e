import { describe, expect, it } from "@jest/globals";
import { previewRgb, shrink } from "./preview.js";

const latents = { shape: [1, 4, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

describe("a preview", () => {
  it("shows the first three channels of latents", () => {
    expect(previewRgb(latents)).toEqual({ shape: [1, 3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  });

  it("shows a single channel in grey", () => {
    const grey = { shape: [1, 1, 1, 2], data: Float32Array.of(1, 2) };
    expect([...previewRgb(grey).data]).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it("takes a linear map of the channels", () => {
    const map = [
      [1, 0, 0, 1],
      [0, 0.5, 0, 0],
      [0, 0, -1, 0],
    ];
    expect([...previewRgb(latents, map).data]).toEqual([8, 10, 1.5, 2, -5, -6]);
    expect(() => previewRgb(latents, [[1]])).toThrow("3 by 4");
  });

  it("is shrunk to fit by means of squares", () => {
    const picture = { shape: [1, 1, 2, 3], data: Float32Array.of(1, 2, 10, 3, 4, 20) };
    expect(shrink(picture, 2)).toEqual({ shape: [1, 1, 1, 2], data: Float32Array.of(2.5, 15) });
    expect(shrink(picture, 3)).toBe(picture);
    expect(() => shrink(picture, 0)).toThrow("at least 1");
  });
});
