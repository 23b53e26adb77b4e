import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { toFloat32 } from "../float-conversion.js";
import { readSafetensors } from "../safetensors/read.js";
import type { TensorData } from "../tensor-data.js";
import { fixture, golden } from "../test-files.js";
import { encodeNpy, parseNpy, readNpy, writeNpy } from "./npy.js";
import { readNpz, writeNpz } from "./npz.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "npy-"));
});
afterAll(() => rm(folder, { recursive: true }));

const ramp = Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1);

describe("an .npy file", () => {
  it.each(["f8", "f4", "f2", "big", "fortran"])("of NumPy holds the same numbers as %s", async (name) => {
    const tensor = await readNpy(fixture(`${name}.npy`));
    expect(tensor.shape).toEqual([2, 3, 4]);
    expect(toFloat32(tensor)).toEqual(ramp);
  });

  it.each([
    ["i8", "I64", [2], "00000000000000c00700000000000000"],
    ["i4", "I32", [1, 1], "fbffffff"],
    ["i2", "I16", [2], "d4fe2c01"],
    ["i1", "I8", [2], "807f"],
    ["u1", "U8", [2], "00ff"],
    ["b1", "BOOL", [2], "0100"],
    ["empty", "F32", [0, 3], ""],
    ["scalar-array", "F64", [], "0000000000000440"],
  ])("of NumPy holds %s as it is", async (name, dtype, shape, hex) => {
    const tensor = await readNpy(fixture(`${name}.npy`));
    expect({ ...tensor, data: Buffer.from(tensor.data).toString("hex") }).toEqual({ dtype, shape, data: hex });
  });

  it.each(["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1", "empty", "scalar-array"])(
    "is written byte for byte as NumPy writes %s",
    async (name) => {
      const path = join(folder, `${name}.npy`);
      await writeNpy(path, await readNpy(fixture(`${name}.npy`)));
      expect(await readFile(path)).toEqual(await readFile(fixture(`${name}.npy`)));
    },
  );

  it.each([
    ["an object array, which NumPy would unpickle", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", /\|O/],
    ["structures", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", /structure/],
    ["more elements than bytes", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", /takes 8 bytes, but 4/],
    ["a huge shape", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }", /takes/],
    ["extents beyond 2^53", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", /shape/],
    ["a negative extent", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", /header/],
    ["an expression", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} or exit()", /header/],
  ])("is refused when it holds %s", (_, header, message) => {
    const [proper] = encodeNpy({ dtype: "F32", shape: [1], data: new Uint8Array(4) });
    const bytes = Buffer.concat([
      proper.subarray(0, 8),
      Buffer.from([header.length, 0]),
      Buffer.from(header),
      Buffer.alloc(4),
    ]);
    expect(() => parseNpy(bytes, "bad.npy")).toThrow(message);
  });
});

describe("an .npz file", () => {
  it.each(["stats.npz", "stats-compressed.npz"])("of the reference equals its safetensors twin: %s", async (name) => {
    const { tensors } = await readSafetensors(golden("pickles/stats.safetensors"));
    expect(await readNpz(golden(`pickles/${name}`))).toEqual(tensors);
  });

  it.each([true, false])(
    "comes back as it was written, and is the same bytes again; compressed: %s",
    async (isCompressed) => {
      const tensors = new Map<string, TensorData>([
        ["mu", { dtype: "F32", shape: [24], data: new Uint8Array(ramp.buffer) }],
        ["n", { dtype: "I64", shape: [], data: new Uint8Array(8) }],
      ]);
      const [one, two] = [join(folder, `one-${isCompressed}`), join(folder, `two-${isCompressed}`)];
      await writeNpz(one, tensors, { isCompressed });
      await writeNpz(two, tensors, { isCompressed });
      expect(await readNpz(one)).toEqual(tensors);
      expect(await readFile(one)).toEqual(await readFile(two));
    },
  );
});
