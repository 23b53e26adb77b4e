/** A run of days must not meet its first damaged file on the third: what is wrong with a dataset is said when it is opened. */
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import sharp from "sharp";
import yazl from "yazl";
import { openDataset } from "./dataset.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dataset-"));
});
afterEach(() => rm(folder, { recursive: true }));

type Files = Record<string, Buffer | string>;

/** A plain image of one colour. */
const png = (red: number, { side = 4, channels = 3 as 3 | 4 } = {}) =>
  sharp({ create: { width: side, height: side, channels, background: { r: red, g: 10, b: 20, alpha: 0.5 } } })
    .png()
    .toBuffer();

async function asFolder(files: Files): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, "set", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return join(folder, "set");
}

async function asZip(files: Files, compress = false): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { compress });
  zip.end();
  const path = join(folder, "set.zip");
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

const labelled = async (labels: unknown): Promise<Files> => ({
  "00000/img00000001.png": await png(101),
  "00000/img00000000.png": await png(100),
  "dataset.json": JSON.stringify({ labels }),
});
const pairs = (first: unknown, second: unknown) => [
  ["00000/img00000000.png", first],
  ["00000/img00000001.png", second],
];

describe.each([
  ["a folder", asFolder],
  ["an archive", (files: Files) => asZip(files)],
  ["a compressed archive", (files: Files) => asZip(files, true)],
] as const)("a dataset in %s", (_, place) => {
  it("is read in the order of its names, channels outermost, with its classes", async () => {
    const dataset = await openDataset(await place(await labelled(pairs(2, 0))));
    expect(dataset).toMatchObject({ count: 2, shape: [3, 4, 4], kind: "images", labelDim: 3 });
    expect(dataset.names).toEqual(["00000/img00000000.png", "00000/img00000001.png"]);
    expect([...dataset.labels]).toEqual([0, 0, 1, 1, 0, 0]);
    const data = await dataset.read([1, 0]);
    expect(data.length).toBe(2 * 3 * 16);
    expect([data[0], data[16], data[32], data[48]]).toEqual([101, 10, 20, 100]);
    await dataset.close();
  });

  it("may have vectors for labels, or none", async () => {
    const vectors = await openDataset(await place(await labelled(pairs([0.5, -1], [0, 2]))));
    expect([vectors.labelDim, ...vectors.labels]).toEqual([2, 0.5, -1, 0, 2]);
    await vectors.close();
    const none = await openDataset(await place(await labelled(null)));
    expect(none.labelDim).toBe(0);
    await none.close();
  });

  it("takes its labels from folders when nothing else says them", async () => {
    const dataset = await openDataset(
      await place({ "cat/1.png": await png(1), "dog/1.png": await png(2), "cat/2.png": await png(3) }),
    );
    expect([dataset.labelDim, ...dataset.labels]).toEqual([2, 1, 0, 1, 0, 0, 1]);
    await dataset.close();
  });

  it("may hold latents", async () => {
    const latent = (value: number) =>
      Buffer.concat(encodeNpy(fromFloat32(new Float32Array(8 * 4).fill(value), [8, 2, 2], "F32")));
    const dataset = await openDataset(
      await place({ "00000/img-mean-std-00000000.npy": latent(1), "00000/img-mean-std-00000001.npy": latent(2) }),
    );
    expect(dataset).toMatchObject({ count: 2, shape: [8, 2, 2], kind: "latents" });
    expect([...(await dataset.read([1]))].every((value) => value === 2)).toBe(true);
    await dataset.close();
  });

  it("of another build is refused with file and reason", async () => {
    const good = await png(1);
    const refused = async (files: Files, ...says: string[]) => {
      const opening = openDataset(await place(files));
      await expect(opening).rejects.toMatchObject({ reason: "DATASET_INVALID" });
      for (const text of says) await expect(opening).rejects.toThrow(text);
      await rm(join(folder, "set"), { recursive: true, force: true });
    };
    await refused({ "readme.txt": "x" }, "holds no images");
    await refused({ "a.png": good, "b.png": good.subarray(0, good.length - 5) }, "b.png: is cut off");
    await refused(
      { "a.png": good, "b.png": "a text that is no image at all, and long enough to be one" },
      "b.png: is not a PNG",
    );
    await refused({ "a.png": good, "b.png": await png(1, { side: 8 }) }, "b.png: is [3,8,8], but a.png is [3,4,4]");
    await refused({ "a.png": await png(1, { channels: 4 }) }, "a.png: is not RGB or grey without alpha");
    await refused(await labelled([["00000/img00000000.png", 1]]), "img00000001.png has no label");
    await refused(await labelled([...pairs(1, 0), ["x.png", 1]]), "x.png has a label, but is no sample");
    await refused(await labelled([...pairs(1, 0), ["00000/img00000000.png", 1]]), "img00000000.png has two labels");
    await refused(await labelled(pairs(1, -1)), "the label of 00000/img00000001.png is -1");
    await refused(await labelled(pairs([1, 2], [1])), "the label of 00000/img00000001.png must be a list of 2 numbers");
    await refused({ "a.png": good, "dataset.json": "{" }, "dataset.json: is no JSON");
  });
});

describe("an archive", () => {
  it("that is cut off, lies, or leads out of itself is refused", async () => {
    const path = await asZip({ "a.png": await png(1), "b.png": await png(2) });
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 30));
    await expect(openDataset(path)).rejects.toMatchObject({ reason: "DATASET_INVALID" });
    const escaping = Buffer.from(whole.toString("latin1").replaceAll("a.png", "../ab"), "latin1");
    await writeFile(path, escaping);
    await expect(openDataset(path)).rejects.toMatchObject({ reason: "DATASET_INVALID" });
    await writeFile(path, Buffer.from(whole.toString("latin1").replaceAll("a.png", "b.png"), "latin1"));
    await expect(openDataset(path)).rejects.toThrow("two files of this name");
  });

  it("with a damaged image behind a whole header says so when it is read", async () => {
    const bytes = Buffer.from(await png(1, { side: 64 }));
    bytes.fill(0xaa, 60, bytes.length - 20);
    const dataset = await openDataset(await asZip({ "a.png": bytes }));
    await expect(dataset.read([0])).rejects.toMatchObject({
      reason: "DATASET_INVALID",
      message: expect.stringContaining("a.png"),
    });
    await dataset.close();
  });

  it("that is not there is missing, not invalid", async () => {
    await expect(openDataset(join(folder, "no.zip"))).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });
});
