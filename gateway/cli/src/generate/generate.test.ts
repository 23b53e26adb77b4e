/**
 * The command against real services. A user who is interrupted must not lose what was made, must not find half an image, and
 * must not be left with processes that nobody ends.
 */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseNpy } from "@tandem/formats";
import { golden, type Outcome, Workspace } from "../testing/run-tandem.js";
import { decodeImage } from "./grid.js";
import { textOfWholePng } from "./png.js";

const NETWORKS = ["--net", "servers/a/models/net", "--gnet", "servers/b/models/gnet", "--guidance", "2"];
const QUICK = [...NETWORKS, "--steps", "3"];

/** Four processes start, each of which loads its libraries: on a busy machine that takes its time. */
const START_WITHIN_MS = 180_000;

let place: Workspace;

beforeAll(async () => {
  place = await Workspace.make();
  await writeFile(
    place.path("stack.yaml"),
    `listen: 127.0.0.1:0
servers:
  - { name: a, kind: sampler, threads: 1, models: { net: ${golden("digits/net.pkl")} } }
  - { name: b, kind: sampler, threads: 1, models: { gnet: ${golden("digits/gnet.pkl")} } }
`,
  );
  const { code, stderr } = await place.run(["up", "--config", "stack.yaml", "--detach"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}, START_WITHIN_MS);

afterAll(async () => {
  await place.run(["down"]);
  await place[Symbol.asyncDispose]();
});

const generate = (...args: string[]) => place.run(["generate", ...QUICK, ...args]);
const objects = ({ stdout }: Outcome) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const written = async (folder: string) => (await readdir(place.path(folder), { recursive: true })).sort();

describe("generate writes", () => {
  it("a PNG for every seed, with its settings inside, and says so", async () => {
    const outcome = await generate("--seeds", "0-2", "--outdir", "plain", "--json");
    expect(outcome.code).toBe(0);
    expect(await written("plain")).toEqual(["000000.png", "000001.png", "000002.png"]);
    const images = objects(outcome).sort((a, b) => Number(a.seed) - Number(b.seed));
    expect(images).toMatchObject([
      { path: "plain/000000.png", seed: 0, label: 7, kept: false },
      { path: "plain/000001.png", seed: 1, kept: false },
      { path: "plain/000002.png", seed: 2, kept: false },
    ]);
    const png = await readFile(place.path("plain/000000.png"));
    expect(JSON.parse(textOfWholePng(png, "tandem") ?? "")).toMatchObject({ sampling: { schedule: { numSteps: 3 } } });
    expect(await decodeImage(png)).toMatchObject({ width: 32, height: 32 });
    expect(outcome.stderr).toContain("3/3 images");
  });

  it("the same bytes through a stack of its own", async () => {
    await generate("--seeds", "5", "--outdir", "up");
    await using alone = await Workspace.make();
    const [net, gnet] = [golden("digits/net.pkl"), golden("digits/gnet.pkl")];
    const args = ["--net", net, "--gnet", gnet, "--guidance", "2", "--steps", "3", "--seeds", "5", "--outdir", "own"];
    const { code, stderr } = await alone.run(["generate", ...args, "--threads", "1"]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("starting local and gateway") });
    const [own, up] = [await readFile(alone.path("own/000005.png")), await readFile(place.path("up/000005.png"))];
    expect((await decodeImage(own)).data).toEqual((await decodeImage(up)).data);
  });

  it("a folder for every thousand seeds, pixels or latents as NumPy files, and a grid", async () => {
    await generate(
      "--seeds",
      "7,1007",
      "--outdir",
      "pixels",
      "--subdirs",
      "--format",
      "npy",
      "--grid",
      "sheets/grid.png",
    );
    expect(await written("pixels")).toEqual([
      "000000",
      "000000/000007.json",
      "000000/000007.npy",
      "001000",
      "001000/001007.json",
      "001000/001007.npy",
    ]);
    const pixels = parseNpy(await readFile(place.path("pixels/000000/000007.npy")), "7");
    expect(pixels).toMatchObject({ dtype: "U8", shape: [32, 32, 3] });
    const grid = await decodeImage(await readFile(place.path("sheets/grid.png")));
    expect(grid).toMatchObject({ width: 64, height: 32 });
    expect(Buffer.from(grid.data.subarray(0, 96))).toEqual(Buffer.from(pixels.data.subarray(0, 96)));
    await generate("--seeds", "7", "--outdir", "latents", "--format", "latents");
    const latents = parseNpy(await readFile(place.path("latents/000007.npy")), "7");
    expect(latents).toMatchObject({ dtype: "F32", shape: [3, 32, 32] });
  });

  it("nothing on a dry run, which tells the plan", async () => {
    const { code, stdout } = await generate("--outdir", "dry", "--dry-run");
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/evaluations +10 per image[\s\S]*4 to make, 0 there/),
    });
    expect(existsSync(place.path("dry"))).toBe(false);
  });
});

describe("run again, generate", () => {
  it.each(["png", "npy"])(
    "keeps %s files that are right, and makes what is missing, damaged or of other settings",
    async (format) => {
      const folder = `again-${format}`;
      const again = (...args: string[]) => generate("--outdir", folder, "--format", format, "--json", ...args);
      const file = (seed: number) => place.path(folder, `00000${seed}.${format}`);
      await again("--seeds", "0-3");
      const before = await Promise.all([0, 1, 2, 3].map((seed) => readFile(file(seed))));
      const { mtimeMs } = await stat(file(0));
      await rm(file(1));
      await truncate(file(2), 200);
      await again("--seeds", "3", "--class", "5");
      const outcome = await again("--seeds", "0-3");
      const kept = Object.fromEntries(objects(outcome).map(({ seed, kept }) => [String(seed), kept]));
      expect(kept).toEqual({ 0: true, 1: false, 2: false, 3: false });
      expect(outcome.stderr).toContain("2 images");
      expect(await Promise.all([0, 1, 2, 3].map((seed) => readFile(file(seed))))).toEqual(before);
      expect((await stat(file(0))).mtimeMs).toBe(mtimeMs);
    },
  );

  it("goes on after Ctrl-C, which leaves whole images only and exit code 130", async () => {
    const args = ["generate", ...NETWORKS, "--steps", "16", "--batch", "1", "--seeds", "0-11", "--outdir", "cut"];
    const running = place.start(args);
    await running.said("cut/0000");
    running.kill("SIGINT");
    const { code, stderr } = await running.outcome;
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringMatching(/interrupted\n$/) });
    const files = await written("cut");
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThan(12);
    for (const name of files) expect(textOfWholePng(await readFile(place.path("cut", name)), "tandem")).toBeDefined();
    const resumed = await place.run([...args, "--json"]);
    expect(resumed.code).toBe(0);
    expect(objects(resumed).filter(({ kept }) => kept)).toHaveLength(files.length);
    expect(await written("cut")).toHaveLength(12);
  });
});

describe("generate fails with one line", () => {
  it("when the folder cannot be made or is a file: exit code 1", async () => {
    await writeFile(place.path("taken"), "");
    for (const outdir of ["/proc/images", "taken", "taken/below"]) {
      const { code, stdout, stderr } = await generate("--outdir", outdir);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^error: --outdir: ${outdir.split("/below")[0]}[^\n]*\n$`));
    }
  });

  it("when an image cannot be written, and leaves nothing of it", async () => {
    await mkdir(place.path("blocked", "000001.png"), { recursive: true });
    const { code, stderr } = await generate("--outdir", "blocked", "--seeds", "1");
    expect(code).toBe(1);
    expect(stderr).toContain("error: --outdir: blocked/000001.png");
    expect(await written("blocked")).toEqual(["000001.png"]);
  });

  it("when the network is unknown (3), the label is out of range (2), or the file is hostile (1)", async () => {
    const missing = await place.run(["generate", "--net", "servers/a/models/nothing", "--outdir", "o"]);
    expect(missing).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: there is no model [^\n]*\n$/) });
    const label = await generate("--class", "10", "--outdir", "o");
    expect(label).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --class holds 10; [^\n]*\n$/) });
    await writeFile(place.path("evil.pkl"), await readFile(golden("pickles/hostile/os-system.pkl")));
    const evil = await place.run(["generate", "--net", "evil.pkl", "--outdir", "o"]);
    expect(evil).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: [^\n]*evil\.pkl[^\n]*\n$/) });
  });
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;

/** The disk of somebody who makes 50,000 images is full one day. */
(canMount ? describe : describe.skip)("generate on a full disk", () => {
  it("says so in one line and leaves whole images only", async () => {
    await mkdir(place.path("small"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", place.path("small")]);
    try {
      const { code, stderr } = await generate("--outdir", "small", "--seeds", "0-15");
      expect(code).toBe(1);
      expect(stderr).toMatch(/(^|\n)error: --outdir: small\/0000\d\d\.png: no space left on the disk[^\n]*\n$/);
      const files = await written("small");
      expect(files.length).toBeGreaterThan(0);
      for (const name of files)
        expect(textOfWholePng(await readFile(place.path("small", name)), "tandem")).toBeDefined();
    } finally {
      execFileSync("umount", [place.path("small")]);
    }
  });
});

describe("the running stack", () => {
  it("is shown by status, servers and models", async () => {
    const status = objects(await place.run(["status", "--json"]));
    expect(status.map(({ name, health }) => `${name} ${health}`)).toEqual([
      "gateway serving",
      "a serving",
      "b serving",
    ]);
    const servers = objects(await place.run(["servers", "--json"]));
    expect(servers).toMatchObject([
      { name: "servers/a", health: "serving" },
      { name: "servers/b", health: "serving" },
    ]);
    const models = objects(await place.run(["models", "--json"]));
    expect(models).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "servers/a/models/net", state: "ready", labelDim: 10, provider: "cpu" }),
      ]),
    );
  });

  it("is one: a second one in the same state folder is refused", async () => {
    const { code, stderr } = await place.run(["up", "--listen", "127.0.0.1:0"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("a stack runs already") });
  });

  it("ends with the process that looks after it, even by kill -9", async () => {
    await using other = await Workspace.make();
    const up = other.start(["up", "--config", place.path("stack.yaml"), "--only", "a", "--json"]);
    await up.said("Ctrl-C ends it");
    up.kill("SIGKILL");
    const [server] = objects(await up.outcome);
    await expect(gone(Number(server?.pid))).resolves.toBe(true);
    await expect(other.run(["status"])).resolves.toMatchObject({ code: 5 });
  });
});

/** Whether a process ends within ten seconds. */
async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i++) {
    if (!existsSync(`/proc/${pid}`)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
