import { describe, expect, it } from "@jest/globals";
import { createGenerator } from "./index.js";
import { philox4x32 } from "./philox.js";

/** Check values of numerics, section 3. */
const SEED_0 = [
  -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
  -0.36314407, -1.67105067, 2.26550497,
];

describe("Philox4x32-10", () => {
  // Known answers that the authors of Philox publish with it (Random123, kat_vectors).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), [0xffffffff, 0xffffffff], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("answers counter %p with key %p", (counter, key, expected) => {
    const words = Uint32Array.from(counter);
    philox4x32(words, key[0]!, key[1]!);
    expect([...words]).toEqual(expected);
  });
});

describe("torch-cuda", () => {
  it("gives the normals of seed 0 that a GPU gives", () => {
    const normals = createGenerator("torch-cuda", 0).normal(12);
    SEED_0.forEach((value, i) => {
      expect(Math.abs(normals[i]! - value)).toBeLessThan(0.5e-8 + Math.abs(value) * 2 ** -24); // 8 decimals, float32
    });
  });

  it("gives an element the same value however many are drawn with it", () => {
    const few = createGenerator("torch-cuda", 7).normal(5);
    expect([...createGenerator("torch-cuda", 7).normal(1000).subarray(0, 5)]).toEqual([...few]);
  });

  it("moves on with every call, whatever its size", () => {
    const one = createGenerator("torch-cuda", 7);
    const other = createGenerator("torch-cuda", 7);
    one.normal(1);
    other.normal(1000);
    expect([...one.normal(4)]).toEqual([...other.normal(4)]);
    expect(one.integer(1000)).toBe(other.integer(1000));
  });
});
