/** Archives of ImageNet have a million files and hundreds of gigabytes: other readers must find all of them. */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openFiles } from "../files/dataset-files.js";
import { directory, localHeader, type ZipEntry } from "./zip-layout.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zip-"));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = Buffer.from("some bytes");
const entry = (name: string, offset: number): ZipEntry => ({ name, crc: crc32(bytes), size: bytes.length, offset });

async function writeAt(file: FileHandle, parts: Iterable<Uint8Array>, at: number): Promise<number> {
  const whole = Buffer.concat([...parts]);
  await file.write(whole, 0, whole.length, at);
  return at + whole.length;
}

describe("an archive", () => {
  it("of more than 65,535 files is found whole", async () => {
    const path = join(folder, "many.zip");
    const entries: ZipEntry[] = [];
    const parts: Uint8Array[] = [];
    let end = 0;
    for (let i = 0; i < 66_000; i++) {
      const next = entry(`00000/img${String(i).padStart(8, "0")}.png`, end);
      const header = localHeader(next);
      entries.push(next);
      parts.push(header, bytes);
      end += header.length + bytes.length;
    }
    const file = await open(path, "w");
    await writeAt(file, [...parts, ...directory(entries, end)], 0);
    await file.close();
    const files = await openFiles(path);
    expect(files.names.length).toBe(66_000);
    expect(await files.read("00000/img00065999.png")).toEqual(bytes);
    await files.close();
  });

  it("of more than 4 GiB is read behind them", async () => {
    const path = join(folder, "large.zip");
    const [near, far] = [entry("near", 0), entry("far", 5 * 2 ** 30)];
    const file = await open(path, "w"); // Sparse: the disk holds a few kilobytes of it.
    await writeAt(file, [localHeader(near), bytes], near.offset);
    const end = await writeAt(file, [localHeader(far), bytes], far.offset);
    await writeAt(file, directory([near, far], end), end);
    await file.close();
    const files = await openFiles(path);
    expect(files.names).toEqual(["far", "near"]);
    expect(await files.read("near")).toEqual(bytes);
    expect(await files.read("far")).toEqual(bytes);
    await files.close();
  });
});
