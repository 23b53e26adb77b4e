/**
 * The whole life of a latent network, small: pictures become latents, a network learns them, and what it makes becomes pictures
 * again, with net, gnet and autoencoder on three servers. Everything is real but the weights of the autoencoder, which are made.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readNetworkFacts } from "@tandem/networks";
import sharp from "sharp";
import { decodeImage } from "../generate/grid.js";
import { golden, Workspace } from "../testing/run-tandem.js";

const VAE = golden("features/vae/sd");
const SIDE = 64;
const COUNT = 20;
const STARTS_WITHIN_MS = 180_000;

let place: Workspace;
/** Options of the training: what the latents were measured to have. */
let statistics: string[] = [];
beforeAll(async () => {
  place = await Workspace.make();
  await writePictures("pictures");
  const encode = ["dataset", "encode", "--source", "pictures", "--dest", "latents.zip", "--vae", VAE];
  expect(await place.run(encode)).toMatchObject({ code: 0 });
  const { stdout } = await place.run(["dataset", "latent-stats", "--source", "latents.zip"]);
  statistics = stdout.match(/--latent-\w+=\S+/g) ?? [];
  expect(statistics).toHaveLength(2);
}, STARTS_WITHIN_MS);
afterAll(async () => place[Symbol.asyncDispose]());

/** Plain pictures of two classes, each with a slope in it. */
async function writePictures(name: string): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    const folder = place.path(name, i % 2 === 0 ? "dark" : "light");
    await mkdir(folder, { recursive: true });
    const slope = (at: number) => 60 * (i % 2) + 5 * i + ((Math.floor(at / 3) % SIDE) >> 1);
    const pixels = Buffer.from(Array.from({ length: 3 * SIDE ** 2 }, (_, at) => slope(at)));
    const raw = { width: SIDE, height: SIDE, channels: 3 as const };
    await writeFile(`${folder}/${i}.png`, await sharp(pixels, { raw }).png().toBuffer());
  }
}

const network = "--preset edm2-img512-xs --channels 8 --channel-mult 1,2 --num-blocks 1 --attn-resolutions none";
const run = (...more: string[]) => [
  ...`train --outdir run --data latents.zip ${network} --batch 32 --duration 1Ki --snapshot 1Ki --ema-std 0.050,0.100`.split(
    " ",
  ),
  ...more,
];
describe("a latent network", () => {
  it("is trained on latents with the statistics that were measured; its pictures are decoded", async () => {
    const { code, stdout, stderr } = await place.run(run("--vae", VAE, ...statistics));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).toContain(`pictures of samples are decoded by ${VAE}`);
    const files = await readdir(place.path("run"));
    const snapshot = files.find((file) => /^network-snapshot-.*-0\.050\.safetensors$/.test(file))!;
    const [rawMean, rawStd] = statistics.map((option) => option.split("=")[1]!.split(",").map(Number));
    expect(await readNetworkFacts(place.path("run", snapshot))).toMatchObject({
      config: { imgResolution: 8, imgChannels: 4, labelDim: 2 },
      encoding: {
        kind: "latent",
        autoencoder: `file://${VAE}`,
        rawMean,
        rawStd,
        finalStd: 0.5,
        downscale: 8,
      },
    });
    const grid = files.find((file) => file.endsWith(".png"))!;
    expect(await decodeImage(await readFile(place.path("run", grid)))).toMatchObject({
      width: 8 * SIDE,
      height: 4 * SIDE,
    });
  }, 120_000);

  it(
    "makes pictures with net, gnet and autoencoder on three servers, which it names itself",
    async () => {
      const [net, gnet] = ["0.050", "0.100"].map((ema) => `run/network-snapshot-0000001-${ema}.safetensors`);
      const roots = `roots: [${golden("features/vae")}]`;
      await writeFile(
        place.path("stack.yaml"),
        `listen: 127.0.0.1:0
servers:
  - { name: a, kind: sampler, threads: 1, models: { net: ${net} }, ${roots} }
  - { name: b, kind: sampler, threads: 1, models: { gnet: ${gnet} }, ${roots} }
  - { name: c, kind: sampler, threads: 1, models: { vae: ${VAE} }, ${roots} }
`,
      );
      expect(await place.run(["up", "--config", "stack.yaml", "--detach"])).toMatchObject({ code: 0, stderr: "" });
      try {
        const models = ["--net", "servers/a/models/net", "--gnet", "servers/b/models/gnet", "--guidance", "1.5"];
        const sampling = ["--steps", "4", "--seeds", "0-3", "--class", "1"];
        const { code, stdout } = await place.run([
          "generate",
          ...models,
          ...sampling,
          "--outdir",
          "out",
          "--grid",
          "g.png",
        ]);
        expect({ code, stdout }).toMatchObject({ code: 0 });
        expect(await decodeImage(await readFile(place.path("out/000002.png")))).toMatchObject({
          width: SIDE,
          height: SIDE,
        });
        const plan = await place.run(["generate", ...models, ...sampling, "--outdir", "out", "--dry-run"]);
        expect(plan.stdout).toMatch(/autoencoder {2}servers\/c\/models\/vae[\s\S]*servers\/a, servers\/b, servers\/c/);
        const named = await place.run(["generate", ...models, ...sampling, "--outdir", "other", "--vae", "vae"]);
        expect(named.code).toBe(0);
        const bytes = (folder: string) => readFile(place.path(folder, "000003.png"));
        expect(await bytes("other")).toEqual(await bytes("out"));
      } finally {
        await place.run(["down"]);
      }
    },
    STARTS_WITHIN_MS,
  );

  it.each([
    [["--vae", VAE], 2, "--latent-mean and --latent-std are missing"],
    [
      ["--vae", VAE, "--latent-mean", "1,2", "--latent-std", "1,1"],
      2,
      "latents of 2 channels, but the dataset's have 4",
    ],
    [
      ["--vae", VAE, "--latent-mean", "1,2,3,4", "--latent-std", "1,1,1"],
      2,
      "--latent-std is 1,1,1; it must be 4 positive",
    ],
    [["--vae", "./nothing", "--latent-mean", "1", "--latent-std", "1"], 3, "--autoencoder: there is no ./nothing"],
  ])("with %j is refused before anything starts", async (args, code, message) => {
    const outcome = await place.run(run(...args, "--outdir", "never"));
    expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(outcome.stderr).toMatch(/^(starting[^\n]*\n)?error: [^\n]+\n$/m);
  });
});
