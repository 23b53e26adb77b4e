/** A resumed run must draw what it would have drawn, however its batches were split: numbers are functions of the image's place. */
import { describe, expect, it } from "@jest/globals";
import { Draws } from "./draws.js";

const normals = (seed: bigint, image: number, count: number, stream: "sigma" | "noise" | "posterior" = "noise") => {
  const target = new Float32Array(count);
  new Draws(seed).normal(stream, image, target);
  return target;
};

describe("random numbers of a run", () => {
  it("depend on seed, stream and image, and on nothing drawn before", () => {
    const draws = new Draws(7n);
    const again = new Float32Array(100);
    draws.normal("sigma", 3, new Float32Array(1));
    draws.normal("noise", 41, again);
    expect(again).toEqual(normals(7n, 41, 100));
    for (const other of [normals(8n, 41, 100), normals(7n, 42, 100), normals(7n, 41, 100, "posterior")])
      expect(other).not.toEqual(again);
    expect(normals(7n + 2n ** 32n, 41, 100)).not.toEqual(again);
    expect(normals(7n, 41 + 2 ** 32, 100)).not.toEqual(again);
  });

  it("begin alike for every length, also an odd one", () => {
    expect(normals(1n, 5, 7)).toEqual(normals(1n, 5, 64).slice(0, 7));
  });

  it("are normal: moments, and no correlation between neighbours or images", () => {
    const rows = Array.from({ length: 200 }, (_, image) => normals(0n, image, 1000));
    const mean = (f: (row: Float32Array, i: number, n: number) => number) =>
      rows.reduce((sum, row, n) => sum + row.reduce((part, _, i) => part + f(row, i, n), 0), 0) / 200_000;
    const tolerance = 4 / Math.sqrt(200_000); // four standard errors
    expect(Math.abs(mean((row, i) => row[i]!))).toBeLessThan(tolerance);
    expect(Math.abs(mean((row, i) => row[i]! ** 2) - 1)).toBeLessThan(tolerance * Math.SQRT2);
    expect(Math.abs(mean((row, i) => row[i]! ** 4) - 3)).toBeLessThan(tolerance * Math.sqrt(96));
    expect(Math.abs(mean((row, i) => row[i]! * row[(i + 1) % 1000]!))).toBeLessThan(tolerance);
    expect(Math.abs(mean((row, i, n) => row[i]! * rows[(n + 1) % 200]![i]!))).toBeLessThan(tolerance);
  });
});
