/** Weights pass through the disk on their way to a session: nothing may stay there, and a full disk must say so. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { newModelFolder, removeStaleModelFiles, writeModelFiles } from "./model-files.js";

const model = {
  protobuf: Uint8Array.of(1, 2),
  externalData: [{ path: "w", data: new Uint8Array(new SharedArrayBuffer(3)).fill(7) }],
  inputs: [],
  outputs: [],
};

describe("the files of a network", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "files-test-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("hold graph and weights, and are gone afterwards", async () => {
    {
      await using files = await writeModelFiles(model, await newModelFolder(folder));
      expect([...readFileSync(files.path)]).toEqual([1, 2]);
      expect([...readFileSync(join(dirname(files.path), "w"))]).toEqual([7, 7, 7]);
      expect(files.memoryBytes).toBe(5);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("may hold weights that their maker put there", async () => {
    const own = await newModelFolder(folder);
    writeFileSync(join(own, "w"), Uint8Array.of(7, 7, 7));
    const outside = { ...model, externalData: [], externalFolder: { path: own, byteLength: 3 } };
    await using files = await writeModelFiles(outside, own);
    expect(dirname(files.path)).toBe(own);
    expect(files.memoryBytes).toBe(5);
  });

  it("cannot be written where there is no folder, which the error names", async () => {
    const missing = join(folder, "missing");
    await expect(newModelFolder(missing)).rejects.toMatchObject({
      reason: "OUT_OF_MEMORY",
      message: expect.stringContaining("TMPDIR"),
      details: { metadata: { device: missing } },
    });
  });

  it.each(["../w", "a/w", ".."])("never lie outside their folder (%s)", async (path) => {
    const data = Uint8Array.of(1);
    await expect(
      writeModelFiles({ ...model, externalData: [{ path, data }] }, await newModelFolder(folder)),
    ).rejects.toThrow("outside");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a process that was killed long ago are deleted, those of living ones stay", async () => {
    await using files = await writeModelFiles(model, await newModelFolder(folder));
    const stale = mkdtempSync(join(folder, "tandem-model-"));
    writeFileSync(join(stale, "w"), "left over");
    utimesSync(stale, 0, 0);
    await removeStaleModelFiles(folder);
    expect(readdirSync(folder)).toEqual([dirname(files.path).slice(folder.length + 1)]);
  });
});
