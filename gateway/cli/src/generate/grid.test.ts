import { describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { decodeImage, Grid, gridColumns } from "./grid.js";
import { textOfWholePng } from "./png.js";

const flat = (value: number) => ({ width: 2, height: 1, data: new Uint8Array(6).fill(value) });

describe("the grid", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 2],
    [8, 4],
    [16, 4],
    [32, 8],
    [7, 3],
    [10, 4],
    [18, 6],
  ])("of %i images has %i columns", (count, columns) => {
    expect(gridColumns(count)).toBe(columns);
  });

  it("puts images row by row, whatever order they come in", async () => {
    const grid = new Grid(4);
    for (const place of [3, 0, 2, 1]) grid.place(place, flat(10 * place));
    const { width, height, data } = await decodeImage(await grid.encode());
    expect({ width, height }).toEqual({ width: 4, height: 2 });
    expect([...data]).toEqual([...Array(6).fill(0), ...Array(6).fill(10), ...Array(6).fill(20), ...Array(6).fill(30)]);
  });

  it("refuses sizes that differ, and more than a gigabyte", () => {
    const grid = new Grid(2);
    grid.place(0, flat(1));
    expect(() => grid.place(1, { width: 1, height: 1, data: new Uint8Array(3) })).toThrow("2x1 and 1x1");
    expect(() => new Grid(10_000).place(0, { width: 512, height: 512, data: new Uint8Array(3 * 512 * 512) })).toThrow(
      "too many",
    );
  });
});

describe("a PNG on disk", () => {
  const png = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  it("without settings is no image of ours", async () => expect(textOfWholePng(await png, "tandem")).toBeUndefined());
  it("is no image when it is cut anywhere", async () => {
    const whole = await png;
    for (let end = 0; end < whole.length; end++)
      expect(textOfWholePng(whole.subarray(0, end), "tandem")).toBeUndefined();
  });
});
