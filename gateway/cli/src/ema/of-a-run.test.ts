/** The two ways to an EMA length must agree: tracked while a run goes on, and made of its snapshots afterwards. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { expect, it } from "@jest/globals";
import { toFloat32 } from "@tandem/formats";
import { readNetwork } from "@tandem/networks";
import sharp from "sharp";
import { Workspace } from "../testing/run-tandem.js";

it("a run's tracked EMA is what its other snapshots give, within the error that is reported", async () => {
  await using place = await Workspace.make();
  await mkdir(place.path("data"));
  for (let i = 0; i < 8; i++) {
    const background = { r: 30 * i, g: 255 - 20 * i, b: 100 };
    const image = sharp({ create: { width: 8, height: 8, channels: 3, background } });
    await writeFile(place.path("data", `${i}.png`), await image.png().toBuffer());
  }
  const network =
    "--preset edm2-img64-xs --channels 8 --channel-mult 1 --num-blocks 1 --attn-resolutions none --cond false";
  const steps = "--batch 64 --duration 32Ki --snapshot 1Ki --checkpoint 0 --ramp-up 0 --ema-std 0.050,0.080,0.100";
  const trained = await place.run(`train --outdir run --data data ${network} ${steps}`.split(" "));
  expect(trained.code).toBe(0);
  expect((await readdir(place.path("run"))).filter((name) => name.endsWith("-0.080.safetensors"))).toHaveLength(32);

  const made = await place.run(
    "ema reconstruct --indir run --instd 0.050,0.100 --outdir out --outstd 0.050,0.080 --json".split(" "),
  );
  expect(made.code).toBe(0);
  const fits = made.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; std: number; fitError: number })
    .filter(({ kind }) => kind === "network");
  expect(fits.map(({ std }) => std)).toEqual([0.05, 0.08]);
  for (const { std, fitError } of fits) {
    const name = `0000032-${std.toFixed(3)}.safetensors`;
    const ours = await readNetwork(place.path("out", `phema-${name}`));
    const tracked = await readNetwork(place.path("run", `network-snapshot-${name}`));
    let [difference, size] = [0, 0];
    for (const [tensor, data] of tracked.tensors) {
      const [a, b] = [toFloat32(data), toFloat32(ours.tensors.get(tensor)!)];
      for (const [i, value] of a.entries()) {
        difference += (value - b[i]!) ** 2;
        size += value ** 2;
      }
    }
    // Snapshots are float16, whose rounding (2^-11) the error does not count.
    expect(Math.sqrt(difference / size)).toBeLessThan(fitError + 2 ** -11);
  }
}, 180_000);
