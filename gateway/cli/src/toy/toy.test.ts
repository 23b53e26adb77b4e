/** The toy as a person uses it: trains two networks, and draws what guidance does to one by the other. */
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { golden, Workspace } from "../testing/run-tandem.js";

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
});
afterAll(async () => place[Symbol.asyncDispose]());

const NET = golden("toy/clsA-layers04-dim64/iter2048.pkl");
const GNET = golden("toy/clsA-layers04-dim32/iter0256.pkl");

describe("tandem toy train", () => {
  it("trains into a folder, and goes on where it was", async () => {
    const run = "toy train --outdir net --iters 6 --batch 64 --dim 16 --snapshot 3 --viz 0".split(" ");
    const first = await place.run(run);
    expect(first.stdout).toMatch(/net: complete after 6 iterations\n$/);
    const files = await readdir(place.path("net"));
    expect(files).toContain("network-snapshot-0000003-0.010.safetensors");
    expect(files).toContain("training-state-0000006.safetensors");
    const again = await place.run(run);
    expect(again.code).toBe(0);
    const other = await place.run([...run, "--cls", "B"]);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/classes/);
  });
});

describe("tandem toy plot", () => {
  it("draws eight panels as PNG, PDF and SVG", async () => {
    const files = ["toy.png", "out/toy.pdf", "out/toy.svg"];
    const { code, stderr } = await place.run([
      "toy",
      "plot",
      "--net",
      NET,
      "--gnet",
      GNET,
      "--samples",
      "64",
      "--save",
      ...files,
    ]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("error")]);
    const { width, height, format } = await sharp(place.path("toy.png")).metadata();
    expect({ format, isWide: width > height }).toEqual({ format: "png", isWide: true });
    expect((await readFile(place.path("out", "toy.pdf"))).subarray(0, 5).toString()).toBe("%PDF-");
    const svg = await readFile(place.path("out", "toy.svg"), "utf8");
    for (const title of ["true distribution", "samples, guidance 3", "trajectories, no guidance", "net / gnet"])
      expect(svg).toContain(title);
    const { data } = await sharp(place.path("toy.png")).raw().toBuffer({ resolveWithObject: true });
    expect(new Set(data).size).toBeGreaterThan(100); // not a blank page
  });

  it("refuses formats that it does not write, and networks that are no toys", async () => {
    const jpeg = await place.run(["toy", "plot", "--net", NET, "--gnet", GNET, "--save", "toy.jpg"]);
    expect([jpeg.code, jpeg.stderr]).toEqual([2, expect.stringContaining(".png, .pdf or .svg")]);
    const image = await place.run(["toy", "plot", "--net", golden("digits/gnet.pkl"), "--gnet", GNET]);
    expect([image.code, image.stderr]).toEqual([1, expect.stringContaining("the plot is of toy networks")]);
  });
});
