/** A conversion runs for hours. Whatever ends it, its dataset is whole or not there, and nothing that was done is done twice. */
import { existsSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import { openDataset } from "../dataset.js";
import type { Label } from "../samples/labels.js";
import { type DatasetWriter, discardUnfinished, openDatasetWriter, type WrittenItem } from "./dataset-writer.js";
import { encodePng } from "./png.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "writer-"));
});
afterEach(() => rm(folder, { recursive: true }));

const options = { kind: "images", work: "the same" } as const;

const sample = (i: number, label?: Label): WrittenItem => {
  const data = new Uint8Array(4 * 4 * 3).map((_, at) => i * 50 + at);
  return { bytes: encodePng({ width: 4, height: 4, data }), shape: [3, 4, 4], label };
};
const skipped = (path: string): WrittenItem => ({
  problem: { path, code: "unreadable", message: `${path}: is no picture`, isFatal: false },
});

/** All files below a folder, or the bytes of an archive. */
async function content(path: string): Promise<unknown> {
  if (path.endsWith(".zip")) return (await readFile(path)).toString("latin1");
  const names = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length))
    .sort();
  return Promise.all(names.map(async (name) => [name, (await readFile(path + name)).toString("latin1")]));
}

async function write(path: string, from = 0, to = 4): Promise<DatasetWriter> {
  const writer = await openDatasetWriter(path, options);
  for (let i = from; i < to; i++) await writer.add([sample(i, i)]);
  return writer;
}

describe.each([["set.zip"], ["set"]])("a dataset in %s", (name) => {
  it("has its name only when it is whole, and nothing stays beside it", async () => {
    const path = join(folder, name);
    const writer = await write(path);
    expect(existsSync(path)).toBe(false);
    await writer.finish();
    expect(await readdir(folder)).toEqual([name]);
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ count: 4, labelDim: 4, shape: [3, 4, 4] });
    expect((await dataset.read([2]))[0]).toBe(100);
    await dataset.close();
  });

  it("goes on where it was left, to the same bytes", async () => {
    const [path, whole] = [join(folder, name), join(folder, `whole-${name}`)];
    await (await write(whole)).finish();
    await (await write(path, 0, 3)).close();
    const writer = await openDatasetWriter(path, options);
    expect([writer.finished, writer.count]).toEqual([3, 3]);
    await writer.add([sample(3, 3)]);
    await writer.finish();
    expect(await content(path)).toEqual(await content(whole));
  });

  it("remembers what was left out", async () => {
    const path = join(folder, name);
    const first = await openDatasetWriter(path, options);
    await first.add([sample(0), skipped("b.png"), sample(1)]);
    await first.close();
    const writer = await openDatasetWriter(path, options);
    expect([writer.finished, writer.count, writer.skipped.kept.map((problem) => problem.path)]).toEqual([
      3,
      2,
      ["b.png"],
    ]);
    await writer.close();
  });

  it("trusts neither a journal that was cut off nor files that changed", async () => {
    const path = join(folder, name);
    const journal = `${path}.part.journal`;
    await (await write(path)).close();
    await truncate(journal, (await readFile(journal)).length - 5);
    const cut = await openDatasetWriter(path, options);
    expect(cut.finished).toBe(3);
    await cut.close();
    await appendFile(journal, "\0\0\0\0\n");
    const zeroed = await openDatasetWriter(path, options);
    expect(zeroed.finished).toBe(3);
    await zeroed.close();
    const file = await open(name.endsWith(".zip") ? `${path}.part` : `${path}.part/00000/img00000001.png`, "r+");
    await file.write(Buffer.from("xxx"), 0, 3, name.endsWith(".zip") ? 290 : 60);
    await file.close();
    const changed = await openDatasetWriter(path, options);
    expect(changed.finished).toBe(1);
    await changed.close();
  });

  it("does not read again what was made to outlast a power cut, but sees when it is gone", async () => {
    const path = join(folder, name);
    const writer = await openDatasetWriter(path, options);
    const journal = `${path}.part.journal`;
    await writer.add(Array.from({ length: 2048 }, (_, i) => sample(i % 5)));
    while (!(await readFile(journal, "utf8")).includes("synced")) {
      await setTimeout(5);
      await writer.add([sample(1)]);
    }
    const { count } = writer;
    await writer.close();
    const [part, at] = name.endsWith(".zip") ? [`${path}.part`, 70] : [`${path}.part/00000/img00000000.png`, 20];
    const file = await open(part, "r+");
    await file.write(Buffer.from("xxx"), 0, 3, at);
    await file.close();
    const trusting = await openDatasetWriter(path, options);
    expect(trusting.finished).toBe(count);
    await trusting.close();
    if (name.endsWith(".zip")) await truncate(part, 1000);
    else await rm(`${path}.part`, { recursive: true });
    const anew = await openDatasetWriter(path, options);
    expect(anew.finished).toBe(0);
    await anew.close();
  });

  it("begins anew for other work, or when its files were taken away", async () => {
    const path = join(folder, name);
    await (await write(path)).close();
    const other = await openDatasetWriter(path, { ...options, work: "another" });
    expect(other.finished).toBe(0);
    await other.add([sample(0, 0)]);
    await other.close();
    await rm(`${path}.part`, { recursive: true });
    const again = await openDatasetWriter(path, { ...options, work: "another" });
    expect(again.finished).toBe(0);
    await again.close();
    await discardUnfinished(path);
    expect(await readdir(folder)).toEqual([]);
  });

  it("never replaces what is there, and has one writer at a time", async () => {
    const path = join(folder, name);
    const writer = await write(path);
    await expect(openDatasetWriter(path, options)).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    await mkdir(path);
    await writeFile(join(path, "mine"), "");
    await expect(writer.finish()).rejects.toMatchObject({ reason: "OUTPUT_EXISTS" });
    await expect(openDatasetWriter(path, options)).rejects.toThrow("is there already");
    expect(await readdir(path)).toEqual(["mine"]);
  });

  it("takes over from a process that is gone", async () => {
    const path = join(folder, name);
    await writeFile(`${path}.part.lock`, JSON.stringify({ pid: 2 ** 22 + 1, began: "1", host: "elsewhere" }));
    await (await write(path)).finish();
    expect(await readdir(folder)).toEqual([name]);
  });

  it("refuses samples of another shape, and labels of some", async () => {
    const path = join(folder, name);
    const writer = await openDatasetWriter(path, options);
    await writer.add([sample(0, 1), sample(1)]);
    const data = new Uint8Array(3);
    const other = { bytes: encodePng({ width: 1, height: 1, data }), shape: [3, 1, 1] };
    await expect(writer.add([other])).rejects.toThrow("img00000002.png: is [3,1,1], but those before are [3,4,4]");
    await expect(writer.finish()).rejects.toThrow("img00000001.png has no label");
    expect(existsSync(path)).toBe(false);
  });
});

describe("a dataset", () => {
  it("of latents with vectors for labels is read as it was written", async () => {
    const path = join(folder, "latents.zip");
    const writer = await openDatasetWriter(path, { kind: "latents", work: "latents" });
    for (const value of [1, 2]) {
      const tensor = fromFloat32(new Float32Array(8 * 4).fill(value), [8, 2, 2], "F32");
      await writer.add([{ bytes: Buffer.concat(encodeNpy(tensor)), shape: tensor.shape, label: [0.5, -value] }]);
    }
    await writer.finish();
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ kind: "latents", count: 2, shape: [8, 2, 2] });
    expect(dataset.names[1]).toBe("00000/img-mean-std-00000001.npy");
    expect([...dataset.labels]).toEqual([0.5, -1, 0.5, -2]);
    await dataset.close();
  });

  it("in an empty folder that is there already is written into it", async () => {
    await mkdir(join(folder, "set"));
    await (await write(`${join(folder, "set")}/`)).finish();
    expect(await readdir(join(folder, "set"))).toEqual(["00000", "dataset.json"]);
  });

  it("on a full disk says so, and that it goes on when there is room", async () => {
    const path = join(folder, "set.zip");
    await (await openDatasetWriter(path, options)).close();
    await rm(`${path}.part`);
    await symlink("/dev/full", `${path}.part`);
    const writer = await openDatasetWriter(path, options);
    const writing = writer.add([sample(0)]);
    await expect(writing).rejects.toMatchObject({ reason: "OUT_OF_MEMORY" });
    await expect(writing).rejects.toThrow("make room and run it again");
    await writer.close();
    expect(existsSync(path)).toBe(false);
  });
});
