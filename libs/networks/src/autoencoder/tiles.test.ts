/** A seam every 512 pixels is seen at once: what tiles agree upon must come out as it is, wherever they lie. */
import { describe, expect, it } from "@jest/globals";
import { axisTiles, blend, crop } from "./tiles.js";

describe("tiles", () => {
  it.each([
    [5, 8, 2, 1],
    [9, 8, 2, 2],
    [113, 64, 16, 8],
    [200, 64, 16, 1],
    [31, 7, 3, 4],
  ])(
    "of %i latents cover them, and their shares add up to 1 (side %i, overlap %i, scale %i)",
    (latents, side, overlap, scale) => {
      const sums = new Float64Array(latents * scale);
      for (const { start, extent, shares } of axisTiles(latents, { side, overlap }, scale)) {
        expect(start + extent).toBeLessThanOrEqual(latents);
        for (const [at, share] of shares.entries()) sums[start * scale + at]! += share;
      }
      expect(Math.max(...sums.map((sum) => Math.abs(sum - 1)))).toBeLessThan(1e-12);
    },
  );

  it("cut from an image give the image again", () => {
    const [height, width] = [19, 30];
    const image = Float32Array.from({ length: 2 * height * width }, (_, i) => Math.sin(i));
    const result = new Float32Array(image.length);
    for (const row of axisTiles(height, { side: 8, overlap: 3 }, 1))
      for (const column of axisTiles(width, { side: 11, overlap: 2 }, 1)) {
        const part = { top: row.start, left: column.start, height: row.extent, width: column.extent };
        const tile = crop(image, [height, width], part);
        blend(result, [height, width], tile, [row.shares, column.shares], [row.start, column.start]);
      }
    expect(Math.max(...result.map((value, i) => Math.abs(value - image[i]!)))).toBeLessThan(1e-6);
  });
});
