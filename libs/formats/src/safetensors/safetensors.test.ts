import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { TensorData } from "../tensor-data.js";
import { golden } from "../test-files.js";
import { openSafetensors, parseSafetensors, readSafetensors } from "./read.js";
import { writeSafetensors } from "./write.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = new Map<string, TensorData>([
  ["odd", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ["half", { dtype: "F16", shape: [1], data: Uint8Array.of(0, 0x3c) }],
  ["wide", { dtype: "F64", shape: [], data: new Uint8Array(Float64Array.of(0.1).buffer) }],
  ["none", { dtype: "F32", shape: [0, 4], data: new Uint8Array() }],
]);

describe("a safetensors file", () => {
  it("holds what the reference wrote, read whole or tensor by tensor", async () => {
    const path = golden("network/cond/io.safetensors");
    const whole = await readSafetensors(path);
    expect(whole.tensors.get("x")?.shape).toEqual([5, 3, 32, 32]);
    await using file = await openSafetensors(path);
    const names: string[] = [];
    for await (const [name, tensor] of file.stream()) {
      names.push(name);
      expect(tensor).toEqual(whole.tensors.get(name));
    }
    expect(names).toEqual([...whole.tensors.keys()]);
  });

  it("comes back as it was written, with its texts, every tensor aligned to its elements", async () => {
    const path = join(folder, "round.safetensors");
    await writeSafetensors(path, tensors, { b: "2", a: 'quote " and \n' });
    const read = await readSafetensors(path);
    expect(read.metadata).toEqual({ a: 'quote " and \n', b: "2" });
    expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
    expect(read.tensors.get("wide")!.data.byteOffset % 8).toBe(0);
    expect(read.tensors.get("half")!.data.byteOffset % 2).toBe(0);
  });

  it("is the same bytes whatever order tensors and texts were given in", async () => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    await writeSafetensors(one, tensors, { a: "1", b: "2" });
    await writeSafetensors(two, new Map([...tensors].reverse()), { b: "2", a: "1" });
    expect(await readFile(one)).toEqual(await readFile(two));
  });

  it("leaves the old file and nothing else when writing fails halfway", async () => {
    const path = join(folder, "kept");
    await writeSafetensors(path, tensors);
    const before = [await readFile(path), await readdir(folder)];
    const broken = new Map([["a", { dtype: "U8" as const, shape: [2], data: Uint8Array.of(1) }]]);
    await expect(writeSafetensors(path, broken)).rejects.toMatchObject({ reason: "FIELD_INVALID" });
    expect([await readFile(path), await readdir(folder)]).toEqual(before);
  });

  it("names what is missing", async () => {
    await expect(readSafetensors(join(folder, "no"))).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    await writeSafetensors(join(folder, "x"), tensors);
    await using file = await openSafetensors(join(folder, "x"));
    await expect(file.read("absent")).rejects.toThrow('holds no tensor "absent"');
  });
});

/** A header decides where memory is read: every way of lying in it must end here. */
describe("a safetensors header that lies is refused", () => {
  const entry = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
  const cases: [why: string, header: string | object, data: number, message: RegExp][] = [
    ["offsets beyond the file", { a: entry("F32", [4], [0, 16]) }, 8, /end at byte/],
    ["offsets that go backwards", { a: entry("F32", [0], [8, 4]) }, 8, /data_offsets give -4/],
    ["negative offsets", { a: entry("U8", [4], [-4, 0]) }, 0, /data_offsets/],
    ["overlap", { a: entry("U8", [4], [0, 4]), b: entry("U8", [4], [2, 6]) }, 6, /overlaps/],
    ["a gap", { a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [4, 6]) }, 6, /gap/],
    ["bytes that no tensor names", { a: entry("U8", [2], [0, 2]) }, 3, /the file at/],
    ["a size other than shape and type say", { a: entry("F32", [3], [0, 8]) }, 8, /takes 12 bytes/],
    ["a shape whose size overflows", { a: entry("F32", [2 ** 40, 2 ** 40], [0, 0]) }, 0, /takes/],
    ["a fractional extent", { a: entry("U8", [1.5], [0, 1]) }, 1, /shape/],
    ["a shape that is text", { a: entry("U8", "2", [0, 2]) }, 2, /shape/],
    ["an unknown type", { a: entry("F8_E4M3", [2], [0, 2]) }, 2, /F8_E4M3/],
    ["a type from Object.prototype", { a: entry("toString", [2], [0, 2]) }, 2, /toString/],
    ["metadata that is no text", { __metadata__: { a: 1 } }, 0, /texts/],
    ["a name that stands twice", '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}', 0, /"a" twice/],
    ["a key of an entry that stands twice", '{"a":{"dtype":"U8","dtype":"F32"}}', 0, /"dtype" twice/],
    ["broken JSON", '{"a":', 0, /not JSON/],
    ["a list", "[]", 0, /begin with/],
    ["text that is not UTF-8", '{"\xff":1}', 0, /not JSON/],
  ];
  it.each(cases)("%s", (_, header, data, message) => {
    expect(() => parseSafetensors(file(header, data), "lying.safetensors")).toThrow(message);
    expect(() => parseSafetensors(file(header, data), "lying.safetensors")).toThrow("lying.safetensors");
  });

  it.each([0, 7, 8, 9])("a file of %i bytes", (size) => {
    expect(() => parseSafetensors(new Uint8Array(size), "short")).toThrow(/too few/);
  });

  it("a length beyond the file or the limit, without making room for it", async () => {
    for (const length of [100n, 100_000_001n, 2n ** 63n]) {
      const bytes = new Uint8Array(64);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      expect(() => parseSafetensors(bytes, "long")).toThrow(/header of/);
      await writeFile(join(folder, "long"), bytes);
      await expect(openSafetensors(join(folder, "long"))).rejects.toMatchObject({ reason: "UNSAFE_FILE" });
    }
  });
});

function file(header: string | object, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header), "latin1");
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
