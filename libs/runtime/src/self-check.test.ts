/** The check that stands between a wrong driver and wrong images. */
import { describe, expect, it } from "@jest/globals";
import { relativeDeviation } from "./self-check.js";

describe("the deviation of a device from the CPU", () => {
  it("is relative to the size of the numbers", () => {
    const cpu = Float32Array.of(100, -100);
    expect(relativeDeviation(Float32Array.of(101, -100), cpu)).toBeCloseTo(0.01);
  });

  it("is nothing for equal numbers, zeros included", () => {
    expect(relativeDeviation(new Float32Array(3), new Float32Array(3))).toBe(0);
  });

  it("is infinite for numbers where zeros should be", () => {
    expect(relativeDeviation(Float32Array.of(1), Float32Array.of(0))).toBe(Number.POSITIVE_INFINITY);
  });

  it("is not a number, so never accepted, when either side is not", () => {
    expect(relativeDeviation(Float32Array.of(Number.NaN, 1), Float32Array.of(1, 1))).toBeNaN();
    expect(relativeDeviation(Float32Array.of(1, 1), Float32Array.of(1, Number.NaN))).toBeNaN();
    expect(
      relativeDeviation(Float32Array.of(Number.POSITIVE_INFINITY), Float32Array.of(Number.POSITIVE_INFINITY)),
    ).toBeNaN();
  });
});
