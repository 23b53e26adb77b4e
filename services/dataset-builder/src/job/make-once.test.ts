/** Between a dataset's last byte and the note that it is done lies a moment; whoever dies there must not make it, or fail, again. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { openDatasetWriter } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import { makeOnce } from "./make-once.js";

let folder: string;
let work: string;
let output: string;
let calls = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "once-"));
  [work, output, calls] = [join(folder, "work"), join(folder, "set.zip"), 0];
});
afterEach(() => rm(folder, { recursive: true }));

const make = async () => {
  calls++;
  await writeFile(output, "a dataset");
  return { count: calls };
};

it("makes it once, and remembers what was said of it", async () => {
  expect(await makeOnce(work, output, make)).toEqual({ count: 1 });
  expect(await makeOnce(work, output, make)).toEqual({ count: 1 });
  expect(calls).toBe(1);
});

it("knows its own output when it died before it could remember", async () => {
  const die = async () => {
    await make();
    throw new Error("killed");
  };
  await expect(makeOnce(work, output, die)).rejects.toThrow("killed");
  expect(await makeOnce(work, output, make)).toBeUndefined();
  expect(calls).toBe(1);
});

it("goes on when its output is not there yet", async () => {
  await expect(makeOnce(work, output, () => Promise.reject(new Error("killed")))).rejects.toThrow("killed");
  expect(await makeOnce(work, output, make)).toEqual({ count: 1 });
});

it("refuses what somebody else made, before, meanwhile and in later attempts", async () => {
  await writeFile(output, "another's");
  const refused = { reason: "OUTPUT_EXISTS" };
  await expect(makeOnce(work, output, make)).rejects.toMatchObject(refused);
  await rm(output);
  const late = async () => {
    await writeFile(output, "another's");
    throw new DomainError("OUTPUT_EXISTS", "it is there");
  };
  await expect(makeOnce(work, output, late)).rejects.toMatchObject(refused);
  await expect(makeOnce(work, output, make)).rejects.toMatchObject(refused);
  expect([calls, await readdir(work)]).toEqual([0, []]);
});

it("takes an empty folder for nothing", async () => {
  await mkdir(join(folder, "set"));
  expect(await makeOnce(work, join(folder, "set"), make)).toEqual({ count: 1 });
});

it("waits for the worker of a service that was killed, which holds the output a moment longer", async () => {
  const writer = await openDatasetWriter(output, { kind: "images", work: "one" });
  setTimeout(() => writer.close(), 300);
  const begun = performance.now();
  const second = await makeOnce(work, output, async () => {
    const again = await openDatasetWriter(output, { kind: "images", work: "one" });
    await again.close();
    return "made";
  });
  expect(second).toBe("made");
  expect(performance.now() - begun).toBeGreaterThan(250);
});
