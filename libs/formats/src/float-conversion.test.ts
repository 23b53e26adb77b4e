import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type FloatType, fromFloat32, toFloat32 } from "./float-conversion.js";

const values = Float32Array.of(
  0,
  -0,
  1,
  -2.5,
  65504,
  65520,
  1e-7,
  5.9604645e-8,
  Number.NaN,
  Infinity,
  -Infinity,
  3.0e38,
);

/** Weights travel as float16 and bfloat16: a rounding error here would change every image, and nobody would see why. */
describe("float conversion", () => {
  it("gives a view, not a copy, of float32 that lies aligned", () => {
    const tensor = fromFloat32(values, [values.length], "F32");
    expect(toFloat32(tensor).buffer).toBe(values.buffer);
  });

  it("reads float32 at any address", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -3).buffer), 1);
    expect([...toFloat32({ dtype: "F32", shape: [2], data: bytes.subarray(1) })]).toEqual([1.5, -3]);
  });

  it("rounds to the nearest float16, ties to even, and overflows to infinity", () => {
    const halves = toFloat32(fromFloat32(Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 2 ** -24), [6], "F16"));
    expect([...halves]).toEqual([2048, 2052, 65504, Infinity, 0, 2 ** -24]);
  });

  it("rounds to the nearest bfloat16, ties to even, and keeps every NaN a NaN", () => {
    const bits = new Float32Array(Uint32Array.of(0x3f808000, 0x3f818000, 0x3f808001, 0x7f800001, 0xffffffff).buffer);
    const { data } = fromFloat32(bits, [5], "BF16");
    const halves = new Uint16Array(data.buffer);
    expect([...halves.subarray(0, 3)]).toEqual([0x3f80, 0x3f82, 0x3f81]);
    expect([...toFloat32({ dtype: "BF16", shape: [5], data })].slice(3).every(Number.isNaN)).toBe(true);
  });

  it.each<FloatType>(["F64", "F32", "F16", "BF16"])("returns every %s value unchanged after a round trip", (dtype) => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 20 }), (floats) => {
        const once = toFloat32(fromFloat32(floats, [floats.length], dtype));
        expect(toFloat32(fromFloat32(once, [floats.length], dtype))).toEqual(once);
      }),
    );
  });

  it("refuses integers and bytes that do not fill the shape", () => {
    expect(() => toFloat32({ dtype: "I32", shape: [1], data: new Uint8Array(4) })).toThrow("I32");
    expect(() => toFloat32({ dtype: "F32", shape: [2], data: new Uint8Array(4) })).toThrow("takes 8 bytes, not 4");
    expect(() => fromFloat32(values, [5], "F16")).toThrow("do not fill the shape [5]");
  });
});
