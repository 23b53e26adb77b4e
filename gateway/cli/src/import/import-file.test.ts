/** Downloaded pickles are the one kind of file that could run a stranger's code on the user's machine. */
import { readdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import { isMap, isTensor, readPickle, readSafetensors } from "@tandem/formats";
import { readNetwork } from "@tandem/networks";
import { golden, Workspace } from "../testing/run-tandem.js";
import { importFile } from "./import-file.js";

const { signal } = new AbortController();

describe("import keeps every value of", () => {
  it.each(["network-fp32.pkl", "network-fp16.pkl", "network-latent-fp16.pkl"])("the network %s", async (name) => {
    await using place = await Workspace.make();
    const file = golden(`pickles/${name}`);
    const imported = await importFile(file, place.path("net.safetensors"), signal);
    const [before, after] = [await readNetwork(file), await readNetwork(imported.dest)];
    expect(after.config).toEqual(before.config);
    expect(after.encoding).toEqual(before.encoding);
    expect([...after.tensors.keys()].sort()).toEqual([...before.tensors.keys()].sort());
    for (const [key, { dtype, shape, data }] of before.tensors) {
      const written = after.tensors.get(key);
      expect(written).toMatchObject({ dtype, shape });
      expect(Buffer.compare(Buffer.from(data), Buffer.from(written?.data ?? []))).toBe(0);
    }
    expect(imported.found).toContain("network snapshot: edm2_unet");
  });

  it.each([
    ["stats.pkl", "metric statistics: fid, fd_dinov2", 4],
    ["stats.npz", "arrays mu, sigma", 2],
    ["stats-compressed.npz", "arrays mu, sigma", 2],
    ["legacy-state-dict.pth", "state dict", 91],
    ["training-state-0000002.pt", "training state", 349],
  ])("%s", async (name, found, tensors) => {
    await using place = await Workspace.make();
    const imported = await importFile(golden(`pickles/${name}`), place.path("out.safetensors"), signal);
    expect(imported.found).toContain(found);
    expect((await readSafetensors(imported.dest)).tensors.size).toBe(tensors);
  });

  it("statistics: the numbers beside the arrays, too", async () => {
    await using place = await Workspace.make();
    const { dest } = await importFile(golden("pickles/stats.pkl"), place.path("stats.safetensors"), signal);
    const { tensors, metadata } = await readSafetensors(dest);
    expect(metadata).toMatchObject({ num_images: "100" });
    const fid = ((await readPickle(golden("pickles/stats.pkl"))) as Map<unknown, unknown>).get("fid");
    const mu = isMap(fid) ? fid.get("mu") : undefined;
    expect(isTensor(mu) && Buffer.from(mu.data).equals(Buffer.from(tensors.get("fid.mu")?.data ?? []))).toBe(true);
  });
});

describe("import refuses, at once and without running anything", () => {
  it.each(readdirSync(golden("pickles/hostile")))("%s", async (name) => {
    await using place = await Workspace.make();
    const began = performance.now();
    const file = golden(`pickles/hostile/${name}`);
    await expect(importFile(file, place.path("out.safetensors"), signal)).rejects.toMatchObject({
      reason: "UNSAFE_FILE",
      message: expect.stringContaining(file),
    });
    expect(performance.now() - began).toBeLessThan(1000);
    await expect(stat(place.path("out.safetensors"))).rejects.toThrow("ENOENT");
  });

  it("two files that would become one", async () => {
    await using place = await Workspace.make();
    const files = [golden("pickles/stats.npz"), golden("pickles/stats.pkl")];
    const { code, stderr } = await place.run(["import", ...files, "--dest", "both"]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("would both become") });
  });

  it("an output folder that cannot be made: one line, exit code 1", async () => {
    await using place = await Workspace.make();
    const { code, stderr } = await place.run(["import", golden("pickles/stats.npz"), "--dest", "/proc/nowhere"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: --dest: \/proc\/nowhere: [^\n]+\n$/);
  });
});
