/** Whoever repairs a dataset wants all its faults at once, each with the file, not the first one of a hundred runs. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import sharp from "sharp";
import yazl from "yazl";
import { DatasetCheck, type Depth } from "./dataset-check.js";
import { Problems } from "./problems.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-"));
});
afterEach(() => rm(folder, { recursive: true }));

const png = (width: number, height = width, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 1, g: 10, b: 20, alpha: 0.5 } } })
    .png()
    .toBuffer();
const grey = (side: number) =>
  sharp(Buffer.alloc(side * side), { raw: { width: side, height: side, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
const latent = (...values: number[]) =>
  Buffer.concat(encodeNpy(fromFloat32(Float32Array.from(values), [values.length, 1, 1], "F32")));

async function look(files: Record<string, Uint8Array | string>, depth: Depth = "whole") {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const check = await DatasetCheck.open(folder);
  await check.look([...check.names.keys()], depth);
  await check.close();
  return check;
}
const faults = (check: DatasetCheck) => check.problems.kept.map(({ code, path }) => `${code} ${path}`.trim());

it("a sound dataset has none; labels are counted, and classes named where dataset.json does", async () => {
  const labels = [
    ["a.png", 2],
    ["b.png", 0],
    ["c.png", 2],
  ];
  const json = JSON.stringify({ labels, class_names: ["zero", "one", "two"] });
  const check = await look({
    "a.png": await png(8),
    "b.png": await png(8),
    "c.png": await png(8),
    "dataset.json": json,
  });
  expect(faults(check)).toEqual([]);
  expect(check.shape).toEqual([3, 8, 8]);
  expect(check.labels).toEqual({ kind: "class", dim: 3, counts: [1, 0, 2], names: ["zero", "one", "two"] });
});

it("names every file that is not as the others are", async () => {
  const check = await look({
    "a/0.png": await png(8),
    "a/1.png": await png(4),
    "a/2.png": await png(8, 8, 4),
    "a/3.png": "no image",
    "b/4.png": (await png(8)).subarray(0, 60),
    "b/5.npy": latent(1, 1),
    "b/notes.txt": "hello",
  });
  expect(faults(check)).toEqual([
    "extra-file b/notes.txt",
    "size-differs a/1.png",
    "unreadable a/2.png",
    "unreadable a/3.png",
    "unreadable b/4.png",
    "mixed b/5.npy",
    "size-differs b/5.npy",
  ]);
  expect(check.problems.kept[2]!.message).not.toContain(folder);
  expect(check.labels).toEqual({ kind: "class", dim: 2, counts: [4, 2], names: ["a", "b"] });
});

it("tells grey images, sides that are no powers of two, and those that are no squares", async () => {
  expect((await look({ "a.png": await grey(8) })).shape).toEqual([1, 8, 8]);
  expect(faults(await look({ "a.png": await png(24) }))).toEqual(["not-power-of-two"]);
  const check = await look({ "a.png": await png(16, 8) });
  expect(check.problems.kept).toMatchObject([{ code: "not-square", path: "", isFatal: true }]);
});

it.each<[string, unknown, string[]]>([
  ["none", null, []],
  ["missing ones", [["a.png", 1]], ["label-missing b.png"]],
  [
    "those of nothing",
    [
      ["a.png", 1],
      ["b.png", 1],
      ["c.png", 1],
    ],
    ["label-of-nothing c.png"],
  ],
  [
    "two of one",
    [
      ["a.png", 1],
      ["b.png", 1],
      ["a.png", 1],
    ],
    ["label-twice a.png"],
  ],
  [
    "no classes",
    [
      ["a.png", 1],
      ["b.png", 1.5],
    ],
    ["label-shape b.png"],
  ],
  [
    "vectors of other lengths",
    [
      ["a.png", [1, 2]],
      ["b.png", [1]],
    ],
    ["label-shape b.png"],
  ],
  ["no pairs", ["a.png"], ["labels-unreadable dataset.json", "label-missing a.png", "label-missing b.png"]],
  ["no list", 7, ["labels-unreadable dataset.json"]],
])("labels: %s", async (_, labels, found) => {
  const image = await png(8);
  expect(faults(await look({ "a.png": image, "b.png": image, "dataset.json": JSON.stringify({ labels }) }))).toEqual(
    found,
  );
});

it("latents hold numbers, and deviations from 0 on", async () => {
  const check = await look({ "a.npy": latent(1, 1), "b.npy": latent(1, -1), "c.npy": latent(Number.NaN, 1) });
  expect(faults(check)).toEqual(["negative-deviation b.npy", "not-finite c.npy"]);
  expect(check.findings.sums).toEqual({ count: 1, first: [1], second: [2] });
});

it("an archive's files are those of its directory, also where their format has no checksum", async () => {
  const zip = new yazl.ZipFile();
  for (const name of ["a.npy", "b.npy"]) zip.addBuffer(latent(1, 2), name, { compress: false });
  zip.end();
  const bytes = await buffer(zip.outputStream);
  bytes[bytes.lastIndexOf(latent(1, 2)) + latent(1, 2).length - 3]! ^= 1;
  await writeFile(join(folder, "set.zip"), bytes);
  const check = await DatasetCheck.open(join(folder, "set.zip"));
  await check.look([0, 1], "whole");
  await check.close();
  expect(faults(check)).toEqual(["checksum-differs b.npy"]);
});

it("nothing is an empty dataset", async () => {
  expect(faults(await look({ "readme.txt": "no images" }))).toEqual(["empty"]);
});

it("counts what it does not keep", () => {
  const problems = new Problems();
  for (let i = 0; i < 1500; i++) problems.remark(String(i), "extra-file", "");
  const sum = new Problems();
  sum.append(problems);
  expect([sum.kept.length, sum.count]).toEqual([1000, 1500]);
});
