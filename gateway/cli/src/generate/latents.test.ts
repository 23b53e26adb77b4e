/**
 * Latent networks by the command, against real services: net, gnet and autoencoder on three servers, or all in a stack of the
 * command's own. What comes out must be the network's latents, decoded with its statistics; without an autoencoder the user must
 * learn what is missing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseNpy, toFloat32 } from "@tandem/formats";
import { networkConfig, openAutoencoder, randomNetwork, readAutoencoder, writeNetwork } from "@tandem/networks";
import { Runtime } from "@tandem/runtime";
import { golden, Workspace } from "../testing/run-tandem.js";
import { decodeImage } from "./grid.js";
import { textOfWholePng } from "./png.js";

/** Four processes start, each of which loads its libraries: on a busy machine that takes its time. */
const START_WITHIN_MS = 180_000;

const VAE = golden("features/vae/sd");
const encoding = {
  kind: "latent" as const,
  autoencoder: "acme/tiny-vae",
  rawMean: [0.3, -0.2, 0.1, 0],
  rawStd: [1.5, 0.8, 1.1, 2],
  finalMean: 0,
  finalStd: 0.5,
  downscale: 8,
};

let place: Workspace;

beforeAll(async () => {
  place = await Workspace.make();
  const config = networkConfig({
    kind: "edm2_unet",
    imgResolution: 8,
    imgChannels: 4,
    modelChannels: 8,
    channelMult: [1, 2],
    numBlocks: 1,
    channelsPerHead: 8,
  });
  for (const [seed, name] of ["net", "gnet"].entries())
    await writeNetwork(
      place.path(`${name}.safetensors`),
      { ...randomNetwork(config, seed), encoding },
      { dtype: "F32" },
    );
  await writeFile(
    place.path("stack.yaml"),
    `listen: 127.0.0.1:0
servers:
  - { name: a, kind: sampler, threads: 1, models: { net: net.safetensors } }
  - { name: b, kind: sampler, threads: 1, models: { gnet: gnet.safetensors }, roots: [${golden("features/vae")}] }
  - { name: c, kind: sampler, threads: 1, models: { vae: ${VAE} }, roots: [${golden("features/vae")}] }
`,
  );
  const { code, stderr } = await place.run(["up", "--config", "stack.yaml", "--detach"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}, START_WITHIN_MS);

afterAll(async () => {
  await place.run(["down"]);
  await place[Symbol.asyncDispose]();
});

const SAMPLING = ["--guidance", "2", "--steps", "3", "--seeds", "4,9"];
const generate = (...args: string[]) =>
  place.run(["generate", "--net", "servers/a/models/net", "--gnet", "servers/b/models/gnet", ...SAMPLING, ...args]);
const pixelsOf = async (path: string) => decodeImage(await readFile(path));

describe("images of a latent network", () => {
  it("are its latents, decoded with its own statistics", async () => {
    const { code, stderr } = await generate("--vae", "vae", "--outdir", "png");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await generate("--outdir", "latents", "--format", "latents");
    const latents = parseNpy(await readFile(place.path("latents/000009.npy")), "latents");
    expect(latents.shape).toEqual([4, 8, 8]);
    const runtime = new Runtime({ threads: 1 });
    const vae = await openAutoencoder(runtime, "vae", () => readAutoencoder(VAE), { provider: "cpu" });
    const { data } = await vae.decode({ data: toFloat32(latents), shape: [1, 4, 8, 8] }, { statistics: encoding });
    await runtime.close();
    const image = await pixelsOf(place.path("png/000009.png"));
    expect(image).toMatchObject({ width: 64, height: 64 });
    const rows = Array.from({ length: 3 * 64 * 64 }, (_, i) => data[(i % 3) * 64 * 64 + Math.floor(i / 3)]);
    expect([...image.data]).toEqual(rows);
  });

  it("are made again only when something is other than before, the autoencoder included", async () => {
    const again = await generate("--autoencoder", "servers/c/models/vae", "--outdir", "png", "--json");
    expect(again.stdout.match(/"kept":true/g)).toHaveLength(2);
    const text = textOfWholePng(await readFile(place.path("png/000004.png")), "tandem");
    expect(Object.keys((JSON.parse(text ?? "") as { weightsDigests: object }).weightsDigests)).toHaveLength(3);
  });

  it("are the same through a stack of the command's own, from files and a folder", async () => {
    await using alone = await Workspace.make();
    const files = ["--net", place.path("net.safetensors"), "--gnet", place.path("gnet.safetensors"), "--vae", VAE];
    const { code, stderr } = await alone.run(["generate", ...files, ...SAMPLING, "--outdir", "own", "--threads", "1"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const [own, other] = [await pixelsOf(alone.path("own/000004.png")), await pixelsOf(place.path("png/000004.png"))];
    expect(own.data).toEqual(other.data);
  });

  it("need an autoencoder: the error says how to name one, or to keep the latents", async () => {
    const { code, stderr } = await generate("--outdir", "none");
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/latents of acme\/tiny-vae.*pass --autoencoder.*or --format latents\n$/),
    });
  });

  it.each([
    [["--vae", "nothing/there/vae.safetensors"], 3, "there is no file or folder nothing/there/vae.safetensors"],
    [["--vae", "vea"], 3, "there is no model servers/-/models/vea"],
    [["--vae", golden("features/vae/three")], 1, "one latent of it is 4 pixels wide, not 8"],
    [["--vae", "vae", "--format", "latents"], 2, "--autoencoder decodes latents; --format latents stores them"],
  ])("with %j is refused", async (args, code, message) => {
    const outcome = await generate("--outdir", "wrong", ...args);
    expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  it("has its autoencoder in the list of models", async () => {
    const { stdout } = await place.run(["models", "--json"]);
    expect(stdout).toMatch(/"name":"servers\/c\/models\/vae","kind":"autoencoder"/);
  });
});
