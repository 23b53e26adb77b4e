/**
 * The whole life of a latent network, small: pictures become latents, a network learns them, and what it makes becomes pictures
 * again, with net, gnet and autoencoder on three servers. Everything is real but the weights of the autoencoder, which are made.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { encodeNpy } from "@tandem/formats";
import { openAutoencoder, readAutoencoder, readNetworkFacts } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import { decodeImage } from "../generate/grid.js";
import { golden, Workspace } from "../testing/run-tandem.js";

const VAE = golden("features/vae/sd");
const SIDE = 64;
const COUNT = 20;
const STARTS_WITHIN_MS = 180_000;

let place: Workspace;
beforeAll(async () => {
  place = await Workspace.make();
  await writeLatents("data");
});
afterAll(async () => place[Symbol.asyncDispose]());

/** Mean and standard deviation of the latents of plain pictures of two classes, as `dataset encode` stores them. */
async function writeLatents(name: string): Promise<void> {
  const runtime = new Runtime({ threads: 1 });
  const vae = await openAutoencoder(runtime, "vae", () => readAutoencoder(VAE), { provider: "cpu" });
  const area = SIDE ** 2;
  const data = Uint8Array.from({ length: COUNT * 3 * area }, (_, i) => {
    const image = Math.floor(i / (3 * area));
    return 60 * (image % 2) + 5 * image + ((i % SIDE) + Math.floor((i % area) / SIDE)) / 2;
  });
  const latents = await vae.encode({ data, shape: [COUNT, 3, SIDE, SIDE] });
  await runtime.close();
  const shape = latents.shape.slice(1);
  const size = latents.data.length / COUNT;
  await mkdir(place.path(name, "00000"), { recursive: true });
  const labels: [string, number][] = [];
  for (let i = 0; i < COUNT; i++) {
    const file = `00000/img-mean-std-${String(i).padStart(8, "0")}.npy`;
    const bytes = new Uint8Array(latents.data.slice(i * size, (i + 1) * size).buffer);
    await writeFile(place.path(name, file), Buffer.concat(encodeNpy({ dtype: "F32", shape, data: bytes })));
    labels.push([file, i % 2]);
  }
  await writeFile(place.path(name, "dataset.json"), JSON.stringify({ labels }));
}

const network = "--preset edm2-img512-xs --channels 8 --channel-mult 1,2 --num-blocks 1 --attn-resolutions none";
const run = (...more: string[]) => [
  ...`train --outdir run --data data ${network} --batch 32 --duration 1Ki --snapshot 1Ki --ema-std 0.050,0.100`.split(
    " ",
  ),
  ...more,
];
const STATISTICS = ["--latent-mean", "0.4,-0.1,0.2,0.05", "--latent-std", "1.5,0.9,1.1,2"];

describe("a latent network", () => {
  it("is trained on latents with the statistics that were given; its pictures are decoded", async () => {
    const { code, stdout, stderr } = await place.run(run("--vae", VAE, ...STATISTICS));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).toContain(`pictures of samples are decoded by ${VAE}`);
    const files = await readdir(place.path("run"));
    const snapshot = files.find((file) => /^network-snapshot-.*-0\.050\.safetensors$/.test(file))!;
    expect(await readNetworkFacts(place.path("run", snapshot))).toMatchObject({
      config: { imgResolution: 8, imgChannels: 4, labelDim: 2 },
      encoding: {
        kind: "latent",
        autoencoder: `file://${VAE}`,
        rawMean: [0.4, -0.1, 0.2, 0.05],
        rawStd: [1.5, 0.9, 1.1, 2],
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
    [["--vae", "./nothing", ...STATISTICS], 3, "--autoencoder: there is no ./nothing"],
  ])("with %j is refused before anything starts", async (args, code, message) => {
    const outcome = await place.run(run(...args, "--outdir", "never"));
    expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(outcome.stderr).toMatch(/^(starting[^\n]*\n)?error: [^\n]+\n$/m);
  });
});
