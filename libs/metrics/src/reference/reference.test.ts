/**
 * Published statistics come as pickles and .npz of strangers. They must read as they are, whoever's NumPy wrote them, run nothing,
 * and what we write must open in NumPy.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { fixture } from "../test-files.js";
import { readReference } from "./read.js";
import type { ReferenceStatistics } from "./reference-statistics.js";
import { writeReference } from "./write.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-reference-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fid = {
  numImages: 50_000,
  mu: Float64Array.of(-0.25, -0.125, 0),
  sigma: Float64Array.of(2, 0.5, 0, 0.5, 1, -0.25, 0, -0.25, 0.125),
};
const dinov2 = { numImages: 50_000, mu: Float64Array.of(-0.5, -0.25), sigma: Float64Array.of(8, 2, 2, 4) };
const both: ReferenceStatistics = {
  numImages: 50_000,
  detectors: new Map([
    ["fid", fid],
    ["fd_dinov2", dinov2],
  ]),
};
const hasNumPy = spawnSync("python3", ["-c", "import numpy"]).status === 0;

describe("reference statistics are read", () => {
  it.each(["numpy-1-protocol-2", "numpy-2-protocol-2", "numpy-2-protocol-4"])("from the pickle %s", async (name) => {
    expect(await readReference(fixture(`${name}.pkl`))).toEqual(both);
  });

  it.each(["statistics", "float32"])("from %s.npz, which does not say how many images", async (name) => {
    const wanted = { numImages: 0, detectors: new Map([["fid", { ...fid, numImages: 0 }]]) };
    expect(await readReference(fixture(`${name}.npz`))).toEqual(wanted);
  });

  it("from bytes in memory", async () => {
    expect(await readReference(readFileSync(fixture("numpy-2-protocol-4.pkl")))).toEqual(both);
  });

  it.each([
    ["no-sigma", /fid lacks sigma/],
    ["asymmetric", /fid.sigma is not symmetric/],
    ["wrong-shape", /mu \[2\] and sigma \[3,3\]/],
    ["not-finite", /fid holds NaN/],
    ["empty", /holds no statistics/],
    ["evil", /system/],
  ])("never from %s.pkl", async (name, message) => {
    const refused = expect(readReference(fixture(`${name}.pkl`))).rejects;
    await refused.toMatchObject({ reason: "UNSAFE_FILE", message: expect.stringMatching(message) });
  });
});

describe("reference statistics are written", () => {
  it("as our own format, with digests, and the same bytes each time", async () => {
    const path = join(folder, "a.safetensors");
    const statistics = {
      ...both,
      detectors: new Map(both.detectors).set("fid", { ...fid, detectorDigest: "sha256:ab" } as typeof fid),
    };
    await writeReference(path, statistics);
    const bytes = readFileSync(path);
    expect(await readReference(path)).toEqual(statistics);
    await writeReference(path, statistics);
    expect(readFileSync(path)).toEqual(bytes);
  });

  it.each(["pkl", "npz"])("as .%s", async (kind) => {
    const path = join(folder, `a.${kind}`);
    const statistics = kind === "pkl" ? both : { numImages: 50_000, detectors: new Map([["fid", fid]]) };
    await writeReference(path, statistics);
    expect(await readReference(path)).toEqual(statistics);
  });

  it("not in a format that cannot hold them", async () => {
    await expect(writeReference(join(folder, "b.npz"), both)).rejects.toMatchObject({ reason: "FIELD_INVALID" });
    await expect(writeReference(join(folder, "b.txt"), both)).rejects.toMatchObject({ reason: "FIELD_INVALID" });
  });

  (hasNumPy ? it : it.skip)("so that NumPy opens them [needs python3 with numpy]", async () => {
    await writeReference(join(folder, "c.pkl"), both);
    await writeReference(join(folder, "c.npz"), { numImages: 50_000, detectors: new Map([["fid", fid]]) });
    const program = `
import pickle, sys, warnings, numpy as np
warnings.simplefilter("error", DeprecationWarning)
p = pickle.load(open(sys.argv[1], "rb")); z = np.load(sys.argv[2])
q = pickle.load(open(sys.argv[3], "rb"))
assert p["num_images"] == 50000 and list(p) == list(q)
for k in ("fid", "fd_dinov2"):
    for part in ("mu", "sigma"):
        assert p[k][part].dtype == np.float64 and np.array_equal(p[k][part], q[k][part])
        p[k][part][...] *= 2
assert np.array_equal(z["mu"], q["fid"]["mu"]) and np.array_equal(z["sigma"], q["fid"]["sigma"])
print("equal")`;
    const files = [join(folder, "c.pkl"), join(folder, "c.npz"), fixture("numpy-2-protocol-4.pkl")];
    const { stdout, stderr } = spawnSync("python3", ["-c", program, ...files], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("equal\n");
  });
});
