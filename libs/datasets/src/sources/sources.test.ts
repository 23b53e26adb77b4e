/** Data sets come as their authors packed them: whoever names one of these files must get its images and classes, or hear why not. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { encodeNpy } from "@tandem/formats";
import type { Picture } from "../resample/resampler.js";
import { cifarBinary, cifarPython, type Files, tarOf } from "../testing/cifar-files.js";
import { openSource, type SourceOptions } from "./open-source.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sources-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Files): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

/** Everything that a source tells, and the first pixel of every picture. */
async function contentOf(path: string, options?: SourceOptions) {
  const source = await openSource(path, options);
  const pictures = await Promise.all(source.names.map((_, i) => source.read(i) as Promise<Picture>));
  await source.close();
  const { names, labels, classNames } = source;
  const firstPixels = pictures.map(({ data }) => [...data.subarray(0, 3)]);
  return { names, labels, classNames, firstPixels, sizes: pictures.map(({ width, height }) => [width, height]) };
}

describe("CIFAR", () => {
  const inFolder = (name: string, files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([file, bytes]) => [`${name}/${file}`, bytes]));
  it.each<[string, () => Promise<string>]>([
    [
      "the Python archive",
      async () => {
        await put({ "cifar-10-python.tar.gz": await tarOf("cifar-10-batches-py", cifarPython(2)) });
        return join(folder, "cifar-10-python.tar.gz");
      },
    ],
    ["its unpacked folder", async () => put(cifarPython(2))],
    ["the folder around it", async () => put(inFolder("cifar-10-batches-py", cifarPython(2)))],
    [
      "the binary archive",
      async () => {
        await put({ "any.tgz": await tarOf("cifar-10-batches-bin", cifarBinary(2)) });
        return join(folder, "any.tgz");
      },
    ],
    ["its unpacked folder, too", async () => put(cifarBinary(2))],
  ])("%s: the training images, batch by batch", async (_, make) => {
    const { names, labels, classNames, firstPixels, sizes } = await contentOf(await make());
    expect(names).toHaveLength(10);
    expect([...names].sort()).toEqual(names);
    expect(names[3]).toMatch(/^data_batch_2(\.bin)?\/00000001$/);
    expect(labels).toEqual([1, 2, 2, 0, 0, 1, 1, 2, 2, 0]);
    expect(classNames).toEqual(["airplane", "automobile", "bird"]);
    expect(firstPixels[3]).toEqual([2, 1, 7]);
    expect(sizes[3]).toEqual([32, 32]);
  });

  it.each(["test_batch", "test_batch.bin"])("one batch: %s", async (name) => {
    await put({ ...cifarPython(3), ...cifarBinary(3) });
    const { labels, firstPixels } = await contentOf(join(folder, name));
    expect(labels).toEqual([0, 1, 2]);
    expect(firstPixels).toEqual([
      [9, 0, 7],
      [9, 1, 7],
      [9, 2, 7],
    ]);
  });

  it.each<[string, Files, object]>([
    [
      "calls code",
      { data_batch_1: Buffer.from("\x80\x02cos\nsystem\nU\x02id\x85R.", "latin1") },
      { reason: "UNSAFE_FILE" },
    ],
    [
      "is no batch",
      { data_batch_1: Buffer.from("\x80\x02}.", "latin1") },
      { message: expect.stringMatching(/data_batch_1.*no batch/) },
    ],
    [
      "is cut off",
      { "data_batch_1.bin": Buffer.alloc(5000), "batches.meta.txt": Buffer.of() },
      { message: expect.stringMatching(/data_batch_1\.bin.*cut off/) },
    ],
  ])("refuses one that %s", async (_, files, error) => {
    await put({ "batches.meta": Buffer.from("\x80\x02}.", "latin1"), ...files });
    await expect(openSource(folder)).rejects.toMatchObject(error);
  });

  it("refuses archives that are damaged, and those of something else", async () => {
    const tar = await tarOf("x", cifarPython(2));
    await put({
      "cut.tgz": tar.subarray(0, tar.length - 300),
      "other.tgz": await tarOf("x", { "a.png": Buffer.of(1) }),
    });
    await expect(openSource(join(folder, "cut.tgz"))).rejects.toMatchObject({ reason: "DATASET_INVALID" });
    await expect(openSource(join(folder, "other.tgz"))).rejects.toThrow(/other\.tgz: holds none of CIFAR's batches/);
  });
});

describe("idx files", () => {
  const idx = (extents: number[], bytes: Buffer): Buffer => {
    const head = Buffer.alloc(4 + 4 * extents.length);
    head.set([0, 0, 8, extents.length]);
    for (const [i, extent] of extents.entries()) head.writeUInt32BE(extent, 4 + 4 * i);
    return Buffer.concat([head, bytes]);
  };
  const images = idx([2, 2, 3], Buffer.from([9, 0, 0, 0, 0, 0, 8, 1, 1, 1, 1, 1]));
  const labels = idx([2], Buffer.of(7, 3));

  it.each<[string, Files, string]>([
    ["packed", { "train-images-idx3-ubyte.gz": gzipSync(images), "train-labels-idx1-ubyte.gz": gzipSync(labels) }, ""],
    [
      "plain, beside a test set",
      {
        "t10k-images-idx3-ubyte": idx([1, 1, 1], Buffer.of(1)),
        "train-images-idx3-ubyte": images,
        "train-labels-idx1-ubyte": labels,
      },
      "",
    ],
    [
      "by name, in the other spelling",
      { "x-images.idx3-ubyte": images, "x-labels.idx1-ubyte": labels },
      "x-images.idx3-ubyte",
    ],
  ])("%s", async (_, files, name) => {
    await put(files);
    expect(await contentOf(join(folder, name))).toMatchObject({
      labels: [7, 3],
      firstPixels: [
        [9, 9, 9],
        [8, 8, 8],
      ],
      sizes: [
        [3, 2],
        [3, 2],
      ],
    });
  });

  it("need no labels, but as many as images when there are some", async () => {
    await put({ "train-images-idx3-ubyte": images });
    expect((await contentOf(folder)).labels).toBeUndefined();
    await put({ "train-labels-idx1-ubyte": idx([3], Buffer.of(1, 2, 3)) });
    await expect(openSource(folder)).rejects.toThrow(/train-labels-idx1-ubyte: has 3 labels; there are 2 images/);
    await put({ "cut-images-idx3-ubyte": images.subarray(0, 20) });
    await expect(openSource(join(folder, "cut-images-idx3-ubyte"))).rejects.toThrow(/cut off: 2 images need 28 bytes/);
  });
});

describe("NumPy arrays", () => {
  const npy = (shape: number[], values: number[], dtype: "U8" | "I8" = "U8") =>
    Buffer.concat(encodeNpy({ dtype, shape, data: Uint8Array.from(values) }));
  it.each<[string, number[], number[], number[][]]>([
    [
      "grey",
      [2, 1, 1],
      [5, 6],
      [
        [5, 5, 5],
        [6, 6, 6],
      ],
    ],
    [
      "grey with its channel",
      [2, 1, 1, 1],
      [5, 6],
      [
        [5, 5, 5],
        [6, 6, 6],
      ],
    ],
    [
      "RGB",
      [2, 1, 1, 3],
      [1, 2, 3, 4, 5, 6],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ["RGB with alpha", [1, 1, 1, 4], [1, 2, 3, 4], [[1, 2, 3]]],
  ])("%s", async (_, shape, values, pixels) => {
    await put({ "images.npy": npy(shape, values) });
    const { firstPixels, names } = await contentOf(join(folder, "images.npy"));
    expect(firstPixels).toEqual(pixels);
    expect(names[0]).toBe("images/00000000");
  });

  it.each<[string, Buffer, RegExp]>([
    ["another type", npy([1, 1, 1], [1], "I8"), /holds I8; images are uint8/],
    ["another shape", npy([1, 1, 1, 2], [1, 2]), /is \[1,1,1,2\]/],
    ["cut off", npy([2, 1, 1], [1, 2]).subarray(0, -1), /cut off/],
    ["more images than names fit", npy([2 ** 24 + 1, 1, 1], Array(2 ** 24 + 1).fill(0)), /16777217 images/],
  ])("refuses %s", async (_, bytes, message) => {
    await put({ "images.npy": bytes });
    await expect(openSource(join(folder, "images.npy"))).rejects.toThrow(message);
  });
});

describe("labels of a file", () => {
  const images = Buffer.concat(encodeNpy({ dtype: "U8", shape: [3, 1, 1], data: Uint8Array.of(1, 2, 3) }));
  const names = ["a/00000000", "a/00000001", "a/00000002"];
  const lines = (...labels: string[]) => names.map((name, i) => `${name}${labels[i]}`).join("\n");
  const labelled = async (name: string, content: string | Uint8Array) => {
    await put({ "a.npy": images, [name]: Buffer.from(content) });
    const source = await openSource(join(folder, "a.npy"), { labelsFile: join(folder, name) });
    await source.close();
    return source.labels;
  };
  it.each<[string, string, string | Uint8Array, unknown]>([
    ["dataset.json", "l.json", JSON.stringify({ labels: names.map((name, i) => [name, i]) }), [0, 1, 2]],
    [
      "an object",
      "l.json",
      JSON.stringify(Object.fromEntries(names.map((name, i) => [name, [i, 1]]))),
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    ],
    ["lines with a heading", "l.csv", `file,class\n${lines(",4", ",5", ",6")}\n`, [4, 5, 6]],
    ["words", "l.txt", lines(",cat", ",ant", ",cat"), [1, 0, 1]],
    [
      "vectors between tabs",
      "l.tsv",
      lines("\t0.5\t1", "\t2\t3", "\t4\t5"),
      [
        [0.5, 1],
        [2, 3],
        [4, 5],
      ],
    ],
    [
      "an array of classes",
      "l.npy",
      Buffer.concat(encodeNpy({ dtype: "I32", shape: [3], data: new Uint8Array(Int32Array.of(7, 8, 9).buffer) })),
      [7, 8, 9],
    ],
    [
      "an array of vectors",
      "l.npy",
      Buffer.concat(encodeNpy({ dtype: "U8", shape: [3, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6) })),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
  ])("%s", async (_, name, content, labels) => expect(await labelled(name, content)).toEqual(labels));

  it.each<[string, string, string, RegExp]>([
    ["a picture without label", "l.csv", "a/00000000,1\na/00000001,1", /l\.csv: a\/00000002 has no label/],
    ["a label of nothing", "l.csv", `${lines(",1", ",1", ",1")}\nb.png,1`, /b\.png/],
    ["two labels of one", "l.csv", `${lines(",1", ",1", ",1")}\na/00000000,1`, /a\/00000000 has two labels/],
    ["a name alone", "l.csv", lines(",1", "", ",1"), /l\.csv: line 2/],
    ["classes that are no whole numbers", "l.csv", lines(",1", ",1.5", ",1"), /a\/00000001/],
    ["no JSON", "l.json", "[", /l\.json: is no JSON/],
  ])("refuses %s", async (_, name, content, message) => {
    await expect(labelled(name, content)).rejects.toThrow(message);
  });

  it("or none at all", async () => {
    await put(cifarBinary(1));
    expect((await contentOf(folder, { labels: "none" })).labels).toBeUndefined();
    await expect(openSource(folder, { labels: "json" })).rejects.toThrow(/no dataset\.json/);
  });
});
