/** Published seeds must give published images: one wrong bit in a draw and every later one is another image. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { readGoldenTensors } from "../testing/golden.js";
import { createGenerator } from "./index.js";

interface Case {
  seed: number;
  shape: number[];
  key: string;
  label_of_1000: number;
  label_of_10_after_second: number;
}

const folder = new URL("../../../../e2e/golden/rng/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("torch_cpu.json", folder), "utf8")) as { cases: Case[] };
const tensors = readGoldenTensors(new URL("torch_cpu.safetensors", folder));

describe("torch-cpu equals PyTorch bit for bit", () => {
  it.each(cases)("seed $seed, shape $shape: normals, a label, normals, a label", (golden) => {
    const generator = createGenerator("torch-cpu", golden.seed);
    const count = golden.shape.reduce((product, extent) => product * extent, 1);
    const first = generator.normal(count);
    const labelOf1000 = generator.integer(1000);
    const second = generator.normal(count);
    const labelOf10 = generator.integer(10);
    expect(bitsOf(first)).toEqual(bitsOf(tensors[`${golden.key}/first`]!.data));
    expect(labelOf1000).toBe(golden.label_of_1000);
    expect(bitsOf(second)).toEqual(bitsOf(tensors[`${golden.key}/second`]!.data));
    expect(labelOf10).toBe(golden.label_of_10_after_second);
  });
});

/** Distinguishes 0 from -0, and nothing else than equality does. */
function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
