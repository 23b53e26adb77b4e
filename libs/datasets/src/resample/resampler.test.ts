import { describe, expect, test } from "@jest/globals";
import { type Picture, Resampler } from "./resampler.js";
import { type Filter, weightsOf } from "./weights.js";

const filters: Filter[] = ["box", "bilinear", "hamming", "bicubic", "lanczos"];

function noise(width: number, height: number): Picture {
  let state = 1;
  const data = new Uint8Array(width * height * 3).map(() => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state >> 16;
  });
  return { width, height, data };
}

/** The sums of the definition, one number after the other. */
function plain({ width, height, data }: Picture, toWidth: number, toHeight: number, filter: Filter): Uint8Array {
  const clamp = (sum: number) => Math.min(255, Math.max(0, (sum + 2 ** 21) >> 22));
  const pass = (from: Uint8Array, [count, length, step, to]: number[], at: (line: number) => number, lines: number) => {
    const { first, counts, weights, size } = weightsOf(filter, length!, to!);
    const out = new Uint8Array(lines * to!);
    for (let line = 0; line < lines; line++)
      for (let i = 0; i < to!; i++) {
        let sum = 0;
        for (let k = 0; k < counts[i]!; k++) sum += weights[i * size + k]! * from[at(line) + (first[i]! + k) * step!]!;
        out[Math.floor(line / count!) * count! * to! + i * count! + (line % count!)] = clamp(sum);
      }
    return out;
  };
  const rows = (from: Uint8Array, lines: number) =>
    pass(from, [3, width, 3, toWidth], (line) => Math.floor(line / 3) * width * 3 + (line % 3), lines * 3);
  const columns = (from: Uint8Array, line: number) => pass(from, [line, height, line, toHeight], (x) => x, line);
  const columnsFirst = height - toHeight > 2 * Math.max(0, width - toWidth);
  return columnsFirst ? rows(columns(data, width * 3), toHeight) : columns(rows(data, height), toWidth * 3);
}

describe("resampling", () => {
  test.each(filters)("%s is the sum of its definition, whatever the size", (filter) => {
    const resampler = new Resampler();
    for (const [width, height, toWidth, toHeight] of [
      [40, 30, 7, 11],
      [5, 9, 23, 17],
      [300, 200, 64, 64],
      [77, 300, 32, 32],
      [64, 127, 32, 64],
      [20, 50, 40, 25],
      [30, 90, 30, 12],
      [40, 30, 20, 15],
      [20, 90, 10, 45],
      [2, 2, 1, 1],
      [1, 1, 3, 2],
    ] as const) {
      const picture = noise(width, height);
      const { data } = resampler.resize(picture, toWidth, toHeight, filter);
      expect(Buffer.from(data).equals(plain(picture, toWidth, toHeight, filter))).toBe(true);
    }
  });

  test("a part of the new image is that part of all of it", () => {
    const resampler = new Resampler();
    for (const [width, height, toWidth, toHeight] of [
      [40, 30, 27, 21],
      [30, 90, 27, 21],
      [27, 21, 27, 21],
    ] as const) {
      const picture = noise(width, height);
      const window = { left: 5, top: 3, width: 9, height: 11 };
      const whole = resampler.resize(picture, toWidth, toHeight, "bicubic");
      const part = resampler.resize(picture, toWidth, toHeight, "bicubic", window);
      const rows = Array.from({ length: 11 }, (_, y) => ((3 + y) * toWidth + 5) * 3);
      const expected = Buffer.concat(rows.map((at) => whole.data.subarray(at, at + 27)));
      expect(part).toMatchObject({ width: 9, height: 11 });
      expect(Buffer.from(part.data).equals(expected)).toBe(true);
    }
  });

  test("an image that has the size already stays as it is", () => {
    const picture = noise(8, 8);
    expect(new Resampler().resize(picture, 8, 8, "lanczos")).toBe(picture);
  });
});
