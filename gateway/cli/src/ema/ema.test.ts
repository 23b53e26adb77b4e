/** What a person does after a training: looks at weights, makes networks of other EMA lengths, and hears what cannot be had. */
import { cp, mkdir, readdir, stat } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { readNetwork } from "@tandem/networks";
import sharp from "sharp";
import { golden, Workspace } from "../testing/run-tandem.js";

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
});
afterAll(async () => place[Symbol.asyncDispose]());

const run = golden("phema/run");
const tandem = (text: string) => place.run(["ema", ...text.split(" ")]);

it("makes networks, says how far they are off, and leaves them alone the second time", async () => {
  const command = `reconstruct --indir ${run} --outdir out --outstd 0.100,0.110,...,0.120 --batch 2`;
  const { code, stdout, stderr } = await tandem(command);
  expect({ code, stderr: stderr.match(/warning.*/g) }).toEqual({ code: 0, stderr: null });
  expect(stdout).toMatch(/phema-0008388-0\.100\.safetensors {2}std 0\.1, off by 0\.00 %\n/);
  expect(stderr).toMatch(/reconstruct: \d+\/\d+ MB/);
  const { provenance } = await readNetwork(place.path("out", "phema-0008388-0.110.safetensors"));
  expect(provenance).toMatchObject({ reconstructed: true, nimg: 8388608 });
  const again = await tandem(`${command} --skip --json`);
  const lines = again.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; skipped?: boolean });
  expect(lines.map(({ kind, skipped }) => [kind, skipped])).toEqual([
    ["network", true],
    ["network", true],
    ["network", true],
    ["report", undefined],
  ]);
});

it("shows the weight of every snapshot, in the reference's spelling of options, and warns", async () => {
  const { code, stdout, stderr } = await place.run([
    "ema",
    "coefficients",
    "--json",
    "--indir",
    run,
    "--outstd",
    "0.02",
    "--outkimg",
    "5242",
    "--instd=0.05,0.1",
  ]);
  expect(code).toBe(0);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { nimg: number; coefficient: number });
  expect(rows).toHaveLength(10);
  expect(rows.reduce((sum, { coefficient }) => sum + coefficient, 0)).toBeCloseTo(1, 9);
  expect(rows.at(-1)!.nimg).toBe(5242880);
  expect(stderr).toMatch(/warning: std 0\.02 is off by .* shorter than the shortest/);
});

it("sweeps over EMA lengths: a picture of the same seeds, and nothing made twice", async () => {
  await mkdir(place.path("digits"));
  for (const std of ["0.050", "0.100"])
    await cp(golden("digits/net.pkl"), place.path("digits", `network-snapshot-0001048-${std}.pkl`));
  const command = "sweep --indir digits --outdir sweep --outstd 0.060,0.090 --seeds 0-2 --steps 2 --class 3";
  const { code, stdout, stderr } = await tandem(command);
  expect({ code, stderr: stderr.match(/fail.*/g) }).toEqual({ code: 0, stderr: null });
  expect(stdout).toMatch(/sweep\.png {2}rows 0\.060, 0\.090; columns seeds 0,1,2\n$/);
  const { width, height } = await sharp(place.path("sweep", "sweep.png")).metadata();
  expect([width, height]).toEqual([96, 64]);
  const image = place.path("sweep", "images-1048-0.060", "000001.png");
  const row = await sharp(place.path("sweep", "sweep.png"))
    .removeAlpha()
    .extract({ left: 32, top: 0, width: 32, height: 32 })
    .raw()
    .toBuffer();
  expect(row.equals(await sharp(image).removeAlpha().raw().toBuffer())).toBe(true);
  const before = await stat(image);
  expect((await tandem(command)).code).toBe(0);
  expect((await stat(image)).mtimeMs).toBe(before.mtimeMs);
});

it.each<[string, number, RegExp]>([
  ["reconstruct --outdir none --outstd 0.1", 2, /--indir is missing/],
  [`reconstruct --indir ${run} --outstd 0.1`, 2, /--outdir is missing/],
  [`reconstruct --indir ${run} --outdir none`, 2, /--outstd is missing/],
  [`reconstruct --indir ${run} --outdir none --outstd 0.3`, 2, /0\.289/],
  ["reconstruct --indir nowhere --outdir none --outstd 0.1", 3, /--indir: there is no folder nowhere/],
  [
    `reconstruct --indir ${run} --outdir none --outstd 0.1 --outkimg 9000`,
    3,
    /no snapshot was taken at 9000960 images .*8388/,
  ],
  [`reconstruct --indir ${run} --outdir none --outstd 0.1 --inprefix x`, 3, /no snapshots named x/],
])("refuses %s", async (command, code, message) => {
  const outcome = await tandem(command);
  expect({ ...outcome, stderr: "" }).toEqual({ code, stdout: "", stderr: "" });
  expect(outcome.stderr).toMatch(message);
  expect(await readdir(place.path("none")).catch(() => [])).toEqual([]);
});
