/** A network must survive its file, and a file that is no network must say so. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readSafetensors, type TensorData, toFloat32, writeSafetensors } from "@tandem/formats";
import { networkConfig } from "../architectures.js";
import { buildDenoiser } from "../build.js";
import { golden, goldenNetwork, goldenTensors, openSession, relativeError } from "../golden.js";
import type { Network } from "../network.js";
import { randomNetwork } from "../random-network.js";
import { readNetworkFacts } from "./read-facts.js";
import { readNetwork } from "./read-network.js";
import { writeNetwork } from "./write-network.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-networks-"));
});
afterAll(() => rm(folder, { recursive: true }));

const small = () =>
  randomNetwork(
    networkConfig({
      kind: "edm2_unet",
      imgResolution: 8,
      imgChannels: 1,
      modelChannels: 8,
      channelMult: [1],
      clipAct: Number.POSITIVE_INFINITY,
    }),
    1,
  );

const plain = ({ config, encoding, provenance }: Network) => ({ config, encoding, provenance });
const values = (tensors: ReadonlyMap<string, TensorData>) =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, toFloat32({ ...tensor, data: tensor.data.slice() })]));

describe("a network file", () => {
  it("brings back what was written, an infinite limit and latent statistics included", async () => {
    const network: Network = {
      ...small(),
      encoding: {
        kind: "latent",
        autoencoder: "models/vae",
        rawMean: [1],
        rawStd: [2],
        finalMean: 0,
        finalStd: 0.5,
        downscale: 8,
      },
      provenance: { preset: "edm2-img512-xs", nimg: 2 ** 30, emaStd: 0.1 },
    };
    const path = join(folder, "round-trip.safetensors");
    await writeNetwork(path, network, { dtype: "F32" });
    const read = await readNetwork(path);
    expect(plain(read)).toEqual(plain(network));
    expect(values(read.tensors)).toEqual(values(network.tensors));
    expect(read.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const { config, encoding, provenance } = network;
    expect(await readNetworkFacts(path)).toEqual({ config, encoding, provenance });
  });

  it("holds float16 at half the size, and gives the same bytes twice", async () => {
    const [a, b] = [join(folder, "a.safetensors"), join(folder, "b.safetensors")];
    await writeNetwork(a, small(), { dtype: "F16" });
    await writeNetwork(b, small(), { dtype: "F16" });
    expect(await readFile(a)).toEqual(await readFile(b));
    expect([...(await readNetwork(a)).tensors.values()].every(({ dtype }) => dtype === "F16")).toBe(true);
  });

  it.each([
    [
      "a missing tensor",
      (t: Map<string, TensorData>) => t.delete("unet.out_gain"),
      "tensor unet.out_gain [] is missing",
    ],
    [
      "a tensor too many",
      (t: Map<string, TensorData>) => t.set("unet.extra", t.get("unet.out_gain")!),
      "tensor unet.extra is not part",
    ],
    [
      "a tensor of another shape",
      (t: Map<string, TensorData>) => t.set("unet.emb_noise.weight", t.get("unet.out_gain")!),
      "tensor unet.emb_noise.weight is []; its configuration asks for [8,8]",
    ],
  ])("with %s is refused, the tensor named", async (name, damage, message) => {
    const path = join(folder, `${name.replaceAll(" ", "-")}.safetensors`);
    await writeNetwork(path, small(), { dtype: "F16" });
    const { tensors, metadata } = await readSafetensors(path);
    damage(tensors);
    await writeSafetensors(path, tensors, metadata);
    await expect(readNetwork(path)).rejects.toThrow(message);
  });

  it("without a network in it is refused, the reason named", async () => {
    const path = join(folder, "tensors.safetensors");
    await writeSafetensors(path, small().tensors);
    await expect(readNetwork(path)).rejects.toThrow(/holds tensors but no network/);
    await expect(readNetwork(golden("pickles/stats.pkl"))).rejects.toThrow(/a network is expected/);
    await writeFile(path, "hello, hello");
    await expect(readNetwork(path)).rejects.toMatchObject({ reason: "UNSAFE_FILE" });
  });
});

describe("a snapshot of the reference", () => {
  it.each(["net", "gnet"])("holds the tensors that stand beside it: %s", async (name) => {
    const network = await readNetwork(golden(`sampler/${name}.pkl`));
    const path = name === "net" ? "network/cond/weights.safetensors" : "sampler/gnet.safetensors";
    const { tensors } = await readSafetensors(golden(path));
    expect(values(network.tensors)).toEqual(values(tensors));
    expect(network.format).toBe("reference");
  });

  it("has the configuration of its network, and computes as it does", async () => {
    const network = await readNetwork(golden("sampler/net.pkl"));
    expect(network.config).toEqual((await goldenNetwork("cond")).config);
    const { x, sigma, labels, denoised } = await goldenTensors("network/cond/io.safetensors");
    const run = await openSession(await buildDenoiser(network));
    const outputs = await run({ x: x!, sigma: sigma!, labels: labels! });
    expect(relativeError(outputs.denoised!, denoised!.data)).toBeLessThan(1e-5);
  });

  it("knows its autoencoder and the statistics of its latents", async () => {
    const { encoding } = await readNetwork(golden("pickles/network-latent-fp16.pkl"));
    expect(encoding).toEqual({
      kind: "latent",
      autoencoder: "stabilityai/sd-vae-ft-mse",
      rawMean: [5.81, 3.25, 0.12, -2.15],
      rawStd: [4.17, 4.62, 3.71, 3.28],
      finalMean: 0,
      finalStd: 0.5,
      downscale: 8,
    });
  });

  it("of float16 equals the float32 one to half precision", async () => {
    const [half, full] = await Promise.all(
      ["fp16", "fp32"].map((type) => readNetwork(golden(`pickles/network-${type}.pkl`))),
    );
    const [a, b] = [values(half!.tensors), values(full!.tensors)];
    for (const name of Object.keys(b)) {
      if (!/freqs|phases/.test(name)) expect([name, a[name]]).toEqual([name, b[name]!.map(Math.f16round)]);
    }
  });
});
