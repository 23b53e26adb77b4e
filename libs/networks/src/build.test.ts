/** The same network must come out of every way of building it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { TensorData } from "@tandem/formats";
import { countElements } from "@tandem/graph";
import { denoiserGraph, networkConfig } from "./architectures.js";
import { buildDenoiser } from "./build.js";
import { goldenNetwork, goldenTensors, openSession, relativeError } from "./golden.js";
import type { Network } from "./network.js";

/** Large enough for several threads to fold; its values are a pattern, since random ones take longer than the test. */
function largeNetwork(): Network {
  const config = networkConfig({
    kind: "edm2_unet",
    imgResolution: 8,
    imgChannels: 1,
    modelChannels: 128,
    channelMult: [1, 3],
    numBlocks: 1,
  });
  const pattern = Float32Array.from({ length: 4099 }, (_, i) => Math.sin(i));
  const tensors = denoiserGraph(config).specs.map(({ name, shape }): [string, TensorData] => {
    const values = new Float32Array(new SharedArrayBuffer(4 * countElements(shape)));
    for (let i = 0; i < values.length; i += pattern.length) values.set(pattern.subarray(0, values.length - i), i);
    return [name, { dtype: "F32", shape, data: new Uint8Array(values.buffer) }];
  });
  return { config, tensors: new Map(tensors), encoding: { kind: "rgb" }, provenance: {}, digest: "", format: "memory" };
}

describe("a denoiser", () => {
  it("gives the same bits with its weights in files as in memory", async () => {
    const network = largeNetwork();
    const folder = await mkdtemp(join(tmpdir(), "tandem-weights-"));
    const onDisk = await buildDenoiser(network, { externalFolder: folder });
    expect((await readdir(folder)).length).toBeGreaterThan(10);
    const mapped = await openSession(onDisk, {
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    });
    await rm(folder, { recursive: true });
    const inMemory = await openSession(await buildDenoiser(network));
    const inputs = {
      x: { data: new Float32Array(64).fill(0.5), shape: [1, 1, 8, 8] },
      sigma: { data: Float32Array.of(1), shape: [1] },
    };
    expect(await mapped(inputs)).toEqual(await inMemory(inputs));
  });

  it("computes in float16 with an error of float16's size", async () => {
    const { x, sigma, labels, denoised } = await goldenTensors("network/cond/io.safetensors");
    const model = await buildDenoiser(await goldenNetwork("cond"), { computeType: "float16" });
    const outputs = await (await openSession(model))({ x: x!, sigma: sigma!, labels: labels! });
    const error = relativeError(outputs.denoised!, denoised!.data);
    expect(error).toBeLessThan(1e-3);
    expect(error).toBeGreaterThan(1e-6);
  });

  it("is not built from weights that hold NaN, and the tensor is named", async () => {
    const network = await goldenNetwork("clip");
    const name = "unet.enc.8x8_block0.conv_res0.weight";
    const tensor = network.tensors.get(name)!;
    const data = tensor.data.slice();
    data.fill(0xff, 0, 4);
    const tensors = new Map(network.tensors).set(name, { ...tensor, data });
    await expect(buildDenoiser({ ...network, tensors })).rejects.toThrow(`tensor ${name} holds NaN or infinity`);
  });

  it("says which folder could not take its weights", async () => {
    const externalFolder = join(tmpdir(), "no", "such", "folder");
    const built = buildDenoiser(await goldenNetwork("clip"), { externalFolder });
    await expect(built).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND", details: { resource: externalFolder } });
  });
});
