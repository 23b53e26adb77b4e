/** A conversion of a tree that somebody scraped: what comes out is in order, complete, and the same whoever runs it. */
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import yazl from "yazl";
import type { DatasetProblem } from "../check/problems.js";
import { openDataset } from "../dataset.js";
import { convertDataset } from "./convert.js";
import type { ConvertHooks, ConvertOptions } from "./options.js";
import { type LabelSource, openPictures } from "./picture-files.js";
import type { PictureSource } from "./picture-source.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convert-"));
});
afterEach(() => rm(folder, { recursive: true }));

type Files = Record<string, Uint8Array | string>;

const picture = (red: number, width = 4, height = width) =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 10, b: 20 } } })
    .png()
    .toBuffer();

async function tree(files: Files): Promise<string> {
  await rm(join(folder, "tree"), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, "tree", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return join(folder, "tree");
}

async function zip(files: Files): Promise<string> {
  const archive = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files))
    archive.addBuffer(Buffer.from(content), name, { compress: name.includes("1") });
  archive.end();
  const path = join(folder, "tree.zip");
  await pipeline(archive.outputStream, createWriteStream(path));
  return path;
}

const ours = () => join(folder, "ours.zip");

async function convert(
  source: string | PictureSource,
  options: ConvertOptions = {},
  hooks: ConvertHooks = {},
  labels: LabelSource = "auto",
) {
  const pictures = typeof source === "string" ? await openPictures(source, { labels }) : source;
  try {
    return await convertDataset(pictures, ours(), { workers: 1, ...options }, hooks);
  } finally {
    await pictures.close();
  }
}

/** Red of every image, and the labels. */
async function result(): Promise<{ reds: number[]; labels: unknown }> {
  const dataset = await openDataset(ours());
  const data = await dataset.read(dataset.names.map((_, i) => i));
  await dataset.close();
  const size = dataset.shape.reduce((a, b) => a * b);
  const reds = dataset.names.map((_, i) => data[i * size]!);
  const text = (await readFile(ours())).toString("latin1");
  const { labels } = JSON.parse(/\{"labels": .*?\}/s.exec(text)![0]) as { labels: [string, unknown][] | null };
  return { reds, labels: labels?.map(([, label]) => label) };
}

const threeClasses = async (): Promise<Files> => ({
  "dog/b.png": await picture(3),
  "cat/a.png": await picture(1),
  "cat/deep/down/c.png": await picture(2),
  "emu/a.webp": await sharp(await picture(4))
    .webp({ lossless: true })
    .toBuffer(),
  "notes.txt": "no picture",
});

describe.each([
  ["a folder", tree],
  ["an archive", zip],
])("pictures in %s", (_, place) => {
  it("become images in sorted order of their paths, with the classes of their folders", async () => {
    const report = await convert(await place(await threeClasses()));
    expect(report).toMatchObject({ count: 4, width: 4, height: 4, skippedCount: 0, resumed: 0 });
    expect(await result()).toEqual({ reds: [1, 2, 3, 4], labels: [0, 0, 1, 2] });
  });

  it("have the labels of dataset.json, classes or vectors, or none, as is asked", async () => {
    const files = { "a/1.png": await picture(1), "b/2.png": await picture(2) };
    const json = (labels: unknown) => ({ ...files, "dataset.json": JSON.stringify({ labels }) });
    const labelsOf = async (path: string, labels: LabelSource) => {
      await convert(path, {}, {}, labels);
      const { labels: found } = await result();
      await rm(ours());
      return found;
    };
    const vectors = [
      ["b/2.png", [0.5, 0]],
      ["a/1.png", [0, -1.25]],
    ];
    expect(await labelsOf(await place(json(vectors)), "auto")).toEqual([
      [0, -1.25],
      [0.5, 0],
    ]);
    expect(await labelsOf(await place(json(null)), "auto")).toBeUndefined();
    expect(await labelsOf(await place(json(null)), "folders")).toEqual([0, 1]);
    expect(await labelsOf(await place(json(vectors)), "none")).toBeUndefined();
    const map = new Map([
      ["a/1.png", 7],
      ["b/2.png", 3],
    ]);
    expect(await labelsOf(await place(files), map)).toEqual([7, 3]);
  });

  it("with labels that do not match are refused by the name of the file", async () => {
    const files = { "a/1.png": await picture(1), "b/2.png": await picture(2) };
    const refused = async (labels: unknown, why: string, from: LabelSource = "auto") => {
      const source = await place({ ...files, "dataset.json": JSON.stringify({ labels }) });
      const opening = openPictures(source, { labels: from });
      await expect(opening).rejects.toMatchObject({ reason: "DATASET_INVALID" });
      await expect(opening).rejects.toThrow(why);
    };
    await refused([["a/1.png", 1]], "b/2.png has no label");
    await refused(
      [
        ["a/1.png", 1],
        ["b/2.png", 1],
        ["c.png", 1],
      ],
      "c.png has a label",
    );
    await refused(
      [
        ["a/1.png", 1],
        ["b/2.png", 1.5],
      ],
      "the label of b/2.png is 1.5",
    );
    await refused(
      [
        ["a/1.png", [1]],
        ["b/2.png", [1, 2]],
      ],
      "the label of b/2.png must be a list of 1 numbers",
    );
    await refused([], "b/2.png", new Map([["a/1.png", 1]]));
    await expect(openPictures(await place(files), { labels: "json" })).rejects.toThrow("has no dataset.json");
  });
});

describe("a conversion", () => {
  it("gives the same bytes with one thread and with many, and in a folder", async () => {
    const files: Files = {};
    for (let i = 0; i < 60; i++) {
      // Large and small by turns, so that threads overtake each other.
      files[`${i % 3}/${i}.png`] = await picture(i * 4, i % 2 ? 300 : 9);
    }
    const source = await tree(files);
    const options = { transform: "center-crop", width: 8, height: 8 } as const;
    const bytes = async (workers: number) => {
      await convert(source, { ...options, workers });
      const content = await readFile(ours());
      const { reds } = await result();
      await rm(ours());
      return { content, reds };
    };
    const one = await bytes(1);
    expect(one.reds).toEqual(
      Object.keys(files)
        .sort()
        .map((name) => Number(/(\d+)\.png/.exec(name)![1]) * 4),
    );
    expect((await bytes(4)).content.equals(one.content)).toBe(true);
  });

  it("takes pixels too, and no more images than it is asked for", async () => {
    const source: PictureSource = {
      path: "numbers",
      names: ["2", "0", "1"],
      labels: [12, 10, 11],
      read: async (index) => ({ width: 2, height: 2, data: new Uint8Array(12).fill([12, 10, 11][index]!) }),
      close: async () => {},
    };
    const seen: number[] = [];
    const report = await convert(source, { maxImages: 2 }, { onProgress: ({ done }) => seen.push(done) });
    expect(report.count).toBe(2);
    expect(await result()).toEqual({ reds: [10, 11], labels: [10, 11] });
    expect([seen[0], seen.at(-1)]).toEqual([0, 2]);
  });

  it("fails at the first bad picture in order, with its name", async () => {
    const source = await tree({ "a.png": await picture(1), "b.png": "no picture", "c.png": "neither" });
    const converting = convert(source, { workers: 2 });
    await expect(converting).rejects.toMatchObject({ reason: "DATASET_INVALID" });
    await expect(converting).rejects.toThrow(/tree: b\.png: /);
    expect(existsSync(ours())).toBe(false);
  });

  it("leaves bad pictures out when it is asked to, and says which and why", async () => {
    const source = await tree({
      "a.png": await picture(1),
      "b.png": "no picture at all, but long enough to be one",
      "c.png": (await picture(2)).subarray(0, 70),
      "d.png": await picture(3),
      "e.png": await picture(4, 8),
      "f.png": await picture(5, 4, 8),
      "g.png": await picture(6, 12),
      "h.png": await picture(7),
      "i.png": await picture(8),
    });
    const problems: DatasetProblem[] = [];
    const options = { skipBad: true, maxImages: 3 };
    const report = await convert(source, options, { onProblem: (problem) => problems.push(problem) });
    expect(report).toMatchObject({ count: 3, skippedCount: 5, skipped: problems });
    expect(problems.map(({ path, code }) => [path, code])).toEqual([
      ["b.png", "unreadable"],
      ["c.png", "unreadable"],
      ["e.png", "size-differs"],
      ["f.png", "not-square"],
      ["g.png", "not-power-of-two"],
    ]);
    for (const { message, path } of problems) expect(message).toContain(`tree: ${path}: `);
    expect((await result()).reds).toEqual([1, 3, 7]);
  });

  it("of nothing but bad pictures fails", async () => {
    const source = await tree({ "a.png": "no picture" });
    await expect(convert(source, { skipBad: true })).rejects.toThrow("has no picture that can be used");
    await expect(convert(await zip({ "a.txt": "" }))).rejects.toThrow("holds no pictures");
  });

  it("wants squares with a power of two for a side, unless any size is allowed; equal they must be", async () => {
    await expect(convert(await tree({ "a.png": await picture(1, 6) }))).rejects.toThrow("is 6x6, not a power of two");
    await expect(convert(await tree({ "a.png": await picture(1, 4, 8) }))).rejects.toThrow("is 4x8, not square");
    expect(await convert(await tree({ "a.png": await picture(1, 3, 5) }), { allowAnySize: true })).toMatchObject({
      width: 3,
      height: 5,
    });
    await rm(ours());
    const two = await tree({ "a.png": await picture(1, 3, 5), "b.png": await picture(1, 4) });
    await expect(convert(two, { allowAnySize: true })).rejects.toThrow("b.png: is 4x4, but those before are 3x5");
  });

  it("refuses two pictures of one name, and labels of another number", async () => {
    const source = (more: Partial<PictureSource>): PictureSource => ({
      path: "some",
      names: ["a", "b"],
      labels: undefined,
      read: async () => ({ width: 1, height: 1, data: new Uint8Array(3) }),
      close: async () => {},
      ...more,
    });
    await expect(convert(source({ names: ["b", "a", "b"] }))).rejects.toThrow("some: b: there are two pictures");
    await expect(convert(source({ labels: [1] }))).rejects.toThrow("1 labels for 2 pictures");
    await expect(convert(source({}), { labels: new Map([["a", 1]]) })).rejects.toThrow("b has no label");
    await expect(convert(source({ names: [] }))).rejects.toThrow("holds no pictures");
  });

  it("refuses options that make no sense, by their names", async () => {
    const source = await tree({ "a.png": await picture(1) });
    for (const [options, field] of [
      [{ transform: "center-crop" }, "width"],
      [{ transform: "stretch" as never, width: 4, height: 4 }, "transform"],
      [{ width: 4 }, "height"],
      [{ width: 4, height: 0 }, "height"],
      [{ width: 4, height: 10_000 }, "height"],
      [{ transform: "center-crop-dhariwal", width: 4, height: 8 }, "height"],
      [{ transform: "center-crop-wide", width: 4, height: 8 }, "height"],
      [{ maxImages: 0 }, "max_images"],
      [{ workers: 1.5 }, "workers"],
    ] as [ConvertOptions, string][])
      await expect(convert(source, options)).rejects.toMatchObject({ reason: "FIELD_INVALID", details: { field } });
  });

  it("stops when it is told to, and goes on later without doing anything twice", async () => {
    const reads: number[] = [];
    const stop = new AbortController();
    const source: PictureSource = {
      path: "slow",
      names: Array.from({ length: 40 }, (_, i) => String(i).padStart(2, "0")),
      labels: undefined,
      read: async (index) => {
        reads.push(index);
        await new Promise((resolve) => setImmediate(resolve));
        return { width: 128, height: 128, data: new Uint8Array(128 * 128 * 3).fill(index) };
      },
      close: async () => {},
    };
    const onProgress = ({ done }: { done: number }) => done >= 10 && stop.abort();
    await expect(convert(source, {}, { signal: stop.signal, onProgress })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(existsSync(ours())).toBe(false);
    reads.length = 0;
    const { resumed, count } = await convert(source);
    expect(count).toBe(40);
    expect(resumed).toBeGreaterThanOrEqual(10);
    expect(reads.length).toBe(40 - resumed);
    expect((await result()).reds).toEqual(source.names.map(Number));
  });

  it("does not replace a dataset that is there", async () => {
    await writeFile(ours(), "mine");
    await expect(convert(await tree({ "a.png": await picture(1) }))).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    expect(await readFile(ours(), "utf8")).toBe("mine");
  });

  it("of a picture that is too thin to resize says so", async () => {
    const source = await tree({ "a.png": await picture(1, 1, 9000), "b.png": await picture(2) });
    const options = { transform: "center-crop-dhariwal", width: 256, height: 256, skipBad: true } as const;
    const { skipped } = await convert(source, options);
    expect(skipped).toMatchObject([{ path: "a.png", message: expect.stringContaining("too many pixels") }]);
  });
});
