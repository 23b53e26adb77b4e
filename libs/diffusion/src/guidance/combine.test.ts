import { describe, expect, it } from "@jest/globals";
import { createGenerator } from "../random/index.js";
import { combine } from "./combine.js";

const { fround } = Math;
const main = createGenerator("torch-cpu", 1).normal(64);
const guide = createGenerator("torch-cpu", 2).normal(64);

/** D for one weight. */
function pulled(weight: number, from = main, towards = guide): Float32Array {
  const out = new Float32Array(from.length);
  combine(from, [{ denoised: towards, weight }], out);
  return out;
}

describe("the arithmetic of guidance", () => {
  it("pushes from the main model's answer, rounding the difference and the sum", () => {
    const expected = main.map((value, i) => value + fround(fround(1.7) - 1) * fround(value - guide[i]!));
    expect(pulled(1.7)).toEqual(expected);
    expect(pulled(0.5)).toEqual(main.map((value, i) => value - 0.5 * fround(value - guide[i]!)));
  });

  it("starts from the guide's answer when its weight is small, so that weight 0 is the guide exactly", () => {
    const far = main.map((value) => value * 1e8); // far - (far - guide) has lost the guide
    expect(pulled(0, far)).toEqual(guide);
    expect(pulled(-0.4)).toEqual(main.map((value, i) => guide[i]! + fround(-0.4) * fround(value - guide[i]!)));
  });

  it("adds several pulls in their order, all from the main model", () => {
    const third = createGenerator("torch-cpu", 3).normal(64);
    const out = new Float32Array(64);
    combine(
      main,
      [
        { denoised: guide, weight: 0.25 },
        { denoised: third, weight: 3 },
      ],
      out,
    );
    const first = main.map((value, i) => value - 0.75 * fround(value - guide[i]!));
    expect(out).toEqual(first.map((sum, i) => sum + 2 * fround(main[i]! - third[i]!)));
  });
});
