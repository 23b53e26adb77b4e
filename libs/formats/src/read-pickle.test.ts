import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import { type FloatType, fromFloat32, toFloat32 } from "./float-conversion.js";
import { isTensor, PickleRecord, type PickleValue } from "./pickle/values.js";
import { readPickle } from "./read-pickle.js";
import { namedTensors, readTensorFile } from "./read-tensor-file.js";
import { readSafetensors } from "./safetensors/read.js";
import type { TensorData } from "./tensor-data.js";
import { fixture, golden } from "./test-files.js";

const protocols = [0, 1, 2, 3, 4, 5];

describe("a pickle", () => {
  it.each(protocols)("of protocol %i becomes plain data", async (protocol) => {
    const value = (await readPickle(fixture(`plain-${protocol}.pkl`))) as Map<string, PickleValue>;
    const { cyclic, record, ...rest } = Object.fromEntries(value);
    expect(rest).toEqual({
      none: null,
      true: true,
      false: false,
      ints: [0, -1, 255, 256, 65535, 65536, -(2 ** 31), 2 ** 31, 2n ** 53n, 2n ** 53n + 1n],
      long: -(2n ** 200n) + 1n,
      floats: [0.1, -1e300, Infinity, -Infinity, 5e-324],
      text: "grüß \u{1f600} 'q' \\ \n",
      bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
      bytearray: Uint8Array.of(97, 98, 99),
      tuple: [1, [2], [], [3, 4, 5], [6, 7, 8, 9]],
      list: [[], [1]],
      dict: new Map<unknown, unknown>([
        [[1, "a"], new Map()],
        [2, "two"],
      ]),
      set: new Set(["x"]),
      frozenset: new Set(["y"]),
      ordered: new Map([
        ["b", 1],
        ["a", 2],
      ]),
      "long text": "x".repeat(300),
    });
    expect((cyclic as PickleValue[])[1]).toBe(cyclic);
    expect(Object.isFrozen(value.get("tuple"))).toBe(true);
  });

  it.each(protocols)("of protocol %i keeps an object of an unknown class as an inert record", async (protocol) => {
    const value = (await readPickle(fixture(`plain-${protocol}.pkl`))) as Map<string, PickleValue>;
    const record = value.get("record") as PickleRecord;
    expect([record.module, record.name, record.args]).toEqual(["someones.code", "Plain", []]);
    expect((record.state as Map<string, PickleValue>).get("size")).toBe(3);
    expect((record.state as Map<string, PickleValue>).get("owner")).toBe(record);
  });

  it.each(protocols)("of protocol %i holds NumPy arrays of all types and layouts, and scalars", async (protocol) => {
    const value = (await readPickle(fixture(`arrays-${protocol}.pkl`))) as Map<string, PickleValue>;
    const ramp = Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1);
    for (const name of ["f8", "f4", "f2", "big", "fortran"])
      expect(toFloat32(value.get(name) as TensorData)).toEqual(ramp);
    const strided = value.get("strided") as TensorData;
    expect([strided.shape, ...toFloat32(strided)]).toEqual([
      [2, 2, 3],
      ...[1, 2, 3, 9, 10, 11, 13, 14, 15, 21, 22, 23].map((i) => ramp[i]),
    ]);
    expect((value.get("i8") as TensorData).dtype).toBe("I64");
    expect([...(value.get("b1") as TensorData).data]).toEqual([1, 0]);
    expect(["f8 scalar", "f4 scalar", "i8 scalar", "bool scalar"].map((name) => value.get(name))).toEqual([
      0.1,
      Math.fround(0.1),
      2n ** 60n,
      true,
    ]);
  });
});

describe("a torch file", () => {
  const expected: Record<string, [string, readonly number[], number[]]> = {
    dense: ["F32", [3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    transposed: ["F32", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    row: ["F32", [4], [4, 5, 6, 7]],
    column: ["F32", [3], [1, 5, 9]],
    expanded: ["F32", [2, 3], [2, 3, 4, 2, 3, 4]],
    scalar: ["F32", [], [5]],
    empty: ["F32", [0, 4], []],
    bf16: ["BF16", [3], [1, -2.5, Infinity]],
    double: ["F64", [1], [Math.fround(0.1)]],
    half: ["F16", [1], [0.5]],
    parameter: ["F32", [2], [0, 1]],
    untyped: ["F16", [2], [-2.5, 65504]],
    subclass: ["F32", [2], [3, 4]],
  };
  const integers: Record<string, [string, string]> = {
    long: ["I64", "0000000000000010ffffffffffffffff"],
    int: ["I32", "f9ffffff"],
    short: ["I16", "d4fe"],
    char: ["I8", "ff"],
    byte: ["U8", "c8"],
    bool: ["BOOL", "0100"],
  };

  it.each(["tensors.pt", "tensors.pth"])("holds tensors of all types, strided, shared and offset: %s", async (name) => {
    const { tensors, format } = await readTensorFile(fixture(name));
    expect(format).toBe("torch");
    expect(tensors.size).toBe(Object.keys(expected).length + Object.keys(integers).length);
    for (const [key, row] of Object.entries(expected)) {
      const tensor = tensors.get(key)!;
      expect([key, tensor.dtype, tensor.shape, [...toFloat32(tensor)]]).toEqual([key, ...row]);
    }
    for (const [key, row] of Object.entries(integers)) {
      const tensor = tensors.get(key)!;
      expect([key, tensor.dtype, Buffer.from(tensor.data).toString("hex")]).toEqual([key, ...row]);
    }
  });

  it("gives tensors that lie dense as views of the file, without a copy", async () => {
    const bytes = await readFile(fixture("tensors.pt"));
    const tensors = namedTensors(await readPickle(bytes));
    expect(tensors.get("dense")!.data.buffer).toBe(bytes.buffer);
    expect(tensors.get("row")!.data.byteOffset - tensors.get("dense")!.data.byteOffset).toBe(16);
  });

  it("of the legacy format may hold parts of storages, and may lie in a pickle", async () => {
    expect([...toFloat32((await readTensorFile(fixture("view.pth"))).tensors.get("part")!)]).toEqual([3, 5]);
    const { tensors } = await readTensorFile(fixture("nested.pkl"));
    expect([...new Int32Array(Uint8Array.from(tensors.get("inner")!.data).buffer)]).toEqual([5, 6]);
  });

  it("of the reference is the same weights in the new and in the legacy format", async () => {
    const legacy = await readTensorFile(golden("pickles/legacy-state-dict.pth"));
    const { tensors } = await readTensorFile(golden("pickles/training-state-0000002.pt"));
    const net = [...tensors].filter(([name]) => name.startsWith("net."));
    expect(new Map(net.map(([name, tensor]) => [name.slice(4), sum(tensor)]))).toEqual(sums(legacy.tensors));
    expect(legacy.tensors.size).toBe(91);
  });
});

/** What the network package builds on: every tensor of a published snapshot, found by walking its records. */
describe("a snapshot of the reference", () => {
  it.each<[string, string, FloatType]>([
    ["pickles/network-fp32.pkl", "network/cond/weights.safetensors", "F32"],
    ["pickles/network-fp16.pkl", "network/cond/weights.safetensors", "F16"],
    ["pickles/network-latent-fp16.pkl", "network/full/weights.safetensors", "F16"],
    ["sampler/net.pkl", "network/cond/weights.safetensors", "F32"],
    ["sampler/gnet.pkl", "sampler/gnet.safetensors", "F32"],
  ])("%s holds the tensors of %s as %s", async (snapshot, twin, dtype) => {
    const { tensors } = await readSafetensors(golden(twin));
    const expected = [...tensors].map(
      ([name, tensor]) => [name, fromFloat32(toFloat32(tensor), tensor.shape, dtype)] as const,
    );
    const value = (await readPickle(golden(snapshot))) as Map<string, PickleValue>;
    expect(sums(moduleTensors(value.get("ema")))).toEqual(sums(new Map(expected)));
  });

  it("keeps source code as text", async () => {
    const value = (await readPickle(golden("pickles/network-fp16.pkl"))) as Map<string, PickleValue>;
    const meta = (value.get("ema") as PickleRecord).args[0] as Map<string, PickleValue>;
    expect(meta.get("module_src")).toContain("source omitted");
  });

  it("has statistics equal to their safetensors twin", async () => {
    const { tensors } = await readTensorFile(golden("pickles/stats.pkl"));
    const twin = await readSafetensors(golden("pickles/stats.safetensors"));
    for (const name of ["mu", "sigma"]) expect({ ...tensors.get(`fid.${name}`) }).toEqual(twin.tensors.get(name));
  });
});

/** Parameters and buffers of a pickled torch module, by their dotted names. */
function moduleTensors(module: PickleValue | undefined, prefix = ""): Map<string, TensorData> {
  const record = module as PickleRecord;
  const meta = record.args[0] as Map<string, PickleValue> | undefined;
  const state = (record.state ?? meta?.get("state")) as Map<string, PickleValue>;
  const found = new Map<string, TensorData>();
  for (const part of ["_parameters", "_buffers"])
    for (const [name, tensor] of state.get(part) as Map<string, PickleValue>)
      if (isTensor(tensor)) found.set(prefix + name, tensor);
  for (const [name, child] of state.get("_modules") as Map<string, PickleValue>)
    if (child instanceof PickleRecord)
      for (const entry of moduleTensors(child, `${prefix}${name}.`)) found.set(...entry);
  return found;
}

/** A tensor in a form that is quick to compare: its bytes by their digest. */
function sum({ dtype, shape, data }: TensorData): string {
  return `${dtype} [${shape}] ${createHash("sha256").update(data).digest("hex")}`;
}

function sums(tensors: ReadonlyMap<string, TensorData>): Map<string, string> {
  return new Map([...tensors].map(([name, tensor]) => [name, sum(tensor)]));
}
