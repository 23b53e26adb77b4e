/** Latents of a million images take days: wherever that is interrupted, it must go on there, and nothing may be lost or come twice. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import { inBatches } from "./in-batches.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "batches-"));
});
afterEach(() => rm(folder, { recursive: true }));

const COUNT = 11;
const labels = Array.from({ length: COUNT }, (_, i) => i % 4);
const sample = (value: number) => ({
  bytes: Buffer.concat(encodeNpy(fromFloat32(Float32Array.of(value, 1), [2, 1, 1], "F32"))),
  shape: [2, 1, 1],
});

/** Makes the samples; stops before the batch from `stopAt` on. @returns which batches were made */
async function make(name: string, stopAt = Number.POSITIVE_INFINITY, identity = "same"): Promise<string[]> {
  const made: string[] = [];
  const stop = new AbortController();
  const work = { output: join(folder, name), kind: "latents", count: COUNT, batchSize: 4, labels, stage: "" } as const;
  const read = async (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  await inBatches(
    { ...work, identity: [identity] },
    { signal: stop.signal, progress: () => {} },
    read,
    async (batch) => {
      if (batch[0]! >= stopAt) stop.abort(new Error("stopped"));
      stop.signal.throwIfAborted();
      made.push(batch.join());
      return batch.map(sample);
    },
  ).catch((error: Error) => {
    if (error.message !== "stopped") throw error;
  });
  return made;
}

it("goes on where it was, to the same bytes", async () => {
  expect(await make("whole.zip")).toEqual(["0,1,2,3", "4,5,6,7", "8,9,10"]);
  expect(await make("cut.zip", 4)).toEqual(["0,1,2,3"]);
  expect(await make("cut.zip", 8)).toEqual(["4,5,6,7"]);
  expect(await readdir(folder)).not.toContain("cut.zip");
  expect(await make("cut.zip")).toEqual(["8,9,10"]);
  expect((await readFile(join(folder, "cut.zip"))).equals(await readFile(join(folder, "whole.zip")))).toBe(true);
});

it("begins anew when it is other work", async () => {
  await make("cut.zip", 8);
  expect(await make("cut.zip", 8, "other")).toEqual(["0,1,2,3", "4,5,6,7"]);
});

it("computes a batch again of which a crash kept a part", async () => {
  await make("whole.zip");
  await make("cut.zip", 8);
  const journal = join(folder, "cut.zip.part.journal");
  const lines = (await readFile(journal, "utf8")).split("\n");
  await writeFile(journal, `${lines.slice(0, 7).join("\n")}\n`); // six samples of eight
  expect(await make("cut.zip")).toEqual(["4,5,6,7", "8,9,10"]);
  expect((await readFile(join(folder, "cut.zip"))).equals(await readFile(join(folder, "whole.zip")))).toBe(true);
});
