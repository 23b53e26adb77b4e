/** What a person does with a run: looks first, trains, interrupts, goes on; and what is wrong is said before anything starts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import sharp from "sharp";
import { golden, Workspace } from "../testing/run-tandem.js";

const TRAINER = fileURLToPath(new URL("../../../../services/trainer/dist/main.js", import.meta.url));

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
  await writeImages("data", 20, 8);
});
afterAll(async () => place[Symbol.asyncDispose]());

/** Two classes of plain images of many colours. */
async function writeImages(name: string, count: number, side: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const folder = place.path(name, i % 2 === 0 ? "dark" : "light");
    await mkdir(folder, { recursive: true });
    const background = { r: 128 * (i % 2) + i, g: 5 * i, b: 100 };
    const image = sharp({ create: { width: side, height: side, channels: 3, background } });
    await writeFile(`${folder}/${i}.png`, await image.png().toBuffer());
  }
}

const network = "--preset edm2-img64-xs --channels 8 --channel-mult 1,2 --num-blocks 1 --attn-resolutions none";
const run = (outdir: string, more = "") =>
  `train --outdir ${outdir} --data data ${network} --batch 32 --status 1Ki --snapshot 2Ki --checkpoint 1Ki ${more}`
    .trim()
    .split(" ");

describe("tandem train", () => {
  it("says what it would do, and does nothing", async () => {
    const { code, stdout } = await place.run([...run("none", "--duration 2Ki --dry-run"), "--json"]);
    expect(code).toBe(0);
    const { edm2 } = JSON.parse(stdout) as { edm2: object };
    expect(edm2).toMatchObject({
      batchSize: 32,
      durationNimg: "2048",
      learningRate: 0.012,
      network: { imgResolution: 8, labelDim: 2, modelChannels: 8 },
    });
    expect(await readdir(place.folder)).not.toContain("none");
  });

  it("trains on an archive that the reference's own tool made", async () => {
    const args = run("golden", "--duration 64 --slice 64").map((arg) =>
      arg === "data" ? golden("dataset/none-32x32.zip") : arg,
    );
    const { code, stdout } = await place.run([...args, "--dry-run", "--json"]);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      edm2: { network: { imgResolution: 32, labelDim: 3 } },
    });
    const trained = await place.run(args);
    expect(trained).toMatchObject({ code: 0, stdout: expect.stringMatching(/golden: .* after 64 images/) });
  });

  it("trains into a folder, names its files, and has nothing left to do the second time", async () => {
    const { code, stdout } = await place.run(run("out", "--duration 2Ki"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tick 1 {2}nimg 1024 {2}loss \S+ {2}lr \S+ {2}\S+ images\/s$/m);
    expect(stdout).toMatch(/out: complete after 2048 images\n$/);
    const files = await readdir(place.path("out"));
    expect(files.sort()).toEqual([
      "log.txt",
      "network-snapshot-0000002-0.050.safetensors",
      "network-snapshot-0000002-0.100.safetensors",
      "samples-0000002-0.050.png",
      "stats.jsonl",
      "training-options.json",
      "training-state-0000001.safetensors",
      "training-state-0000002.safetensors",
    ]);
    for (const file of files.filter((name) => /snapshot|samples|state/.test(name)))
      expect(stdout).toContain(`${place.path("out", file)}\n`);
    const again = await place.run([...run("out", "--duration 2Ki"), "--json"]);
    expect(JSON.parse(again.stdout.trim().split("\n").at(-1)!)).toEqual({
      kind: "done",
      nimg: 2048,
      snapshots: 2,
      outdir: "out",
    });
    expect(again.stdout).not.toContain('"status"');
  });

  it("leaves a checkpoint when it is interrupted, and goes on from there", async () => {
    const first = place.start(run("long", "--duration 1Mi"));
    await first.said("nimg 1024");
    first.kill("SIGINT");
    expect(await first.outcome).toMatchObject({ code: 130 });
    const { code, stdout } = await place.run(run("long", "--duration 1Mi --slice 1Ki"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/slice done after \d+ images; run again for the next\n$/);
    expect(await readFile(place.path("long", "log.txt"), "utf8")).toMatch(/goes on after \d+ of 1048576/);
    expect((await readdir(place.path("home"))).filter((name) => name.startsWith("command-"))).toEqual([]);
  });
});

it("tandem train uses the trainer of the stack that runs", async () => {
  await using stack = await Workspace.make();
  const trainer = spawn(process.execPath, [TRAINER, "--listen", "127.0.0.1:0", "--roots", place.folder], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, TANDEM_HOME: stack.path("trainer") },
  });
  const ended = once(trainer, "exit");
  const [line] = (await once(createInterface(trainer.stdout), "line")) as [string];
  const { listening } = JSON.parse(line) as { listening: string };
  await writeFile(place.path("stack.yaml"), `listen: 127.0.0.1:0\nservers: [{ name: t, address: "${listening}" }]\n`);
  const env = { TANDEM_HOME: stack.path("home") };
  const up = place.start(["up", "--config", "stack.yaml"], env);
  try {
    await up.said("gateway");
    const { code, stdout, stderr } = await place.run(run("there", "--duration 1Ki"), env);
    expect(stderr).not.toContain("starting the trainer");
    expect(stdout).toMatch(/there: complete after 1024 images\n$/);
    expect(code).toBe(0);
    expect(await readdir(stack.path("trainer", "trainer"))).toContain("jobs.sqlite");
  } finally {
    up.kill("SIGTERM");
    trainer.kill("SIGTERM");
    await Promise.all([up.outcome, ended]);
  }
}, 60_000);

describe("tandem train refuses, before anything starts,", () => {
  it.each([
    ["no dataset", "train --outdir new", 2, /^error: --data is missing/],
    ["no folder", "train --data data", 2, /^error: --outdir is missing/],
    ["a dataset that is not there", "train --outdir new --data nowhere.zip", 3, /--data: there is no nowhere.zip/],
    ["a dataset that is none", "train --outdir new --data broken.zip", 1, /broken.zip/],
    ["images of two sizes", "train --outdir new --data mixed", 1, /mixed.*png.*\[3,16,16\].*\[3,8,8\]/],
    ["impossible batches", run("new", "--batch-gpu 24").join(" "), 2, /--batch-gpu is 24, and --batch 32/],
    ["an unknown preset", "train --outdir new --data data --preset edm3", 3, /there is no preset "edm3"; known are/],
    ["a count between steps", run("new", "--duration 1000").join(" "), 2, /--duration is 1000.*992 or 1024/],
    [
      "another run's folder",
      run("out", "--duration 2Ki --seed 1").join(" "),
      1,
      /another run: its --seed is unset, this one's "1"/,
    ],
    ["other settings", run("out", "--duration 2Ki --lr 1").join(" "), 2, /--lr is 1, but the run in .*--allow-changes/],
  ])("%s", async (_, args, code, message) => {
    await writeFile(place.path("broken.zip"), "PK nothing");
    await writeImages("mixed", 2, 8);
    await writeFile(
      place.path("mixed", "light", "x.png"),
      await sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } })
        .png()
        .toBuffer(),
    );
    const outcome = await place.run(args.split(" "));
    expect(outcome.stderr.replace(/^starting.*\n/, "")).toMatch(message);
    expect(outcome).toMatchObject({ code, stdout: "" });
  });
});
