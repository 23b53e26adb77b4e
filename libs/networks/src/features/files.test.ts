/** Whoever measures has weights in the file they were given. A file that is something else must be told at once, with its name. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readSafetensors, writeSafetensors } from "@tandem/formats";
import { golden } from "../golden.js";
import { featureNetworkConfig } from "./architectures.js";
import { buildFeatureNetwork } from "./build.js";
import { hashNetwork } from "./golden-features.js";
import { readFeatureNetwork } from "./read.js";
import { writeFeatureNetwork } from "./write.js";

const config = featureNetworkConfig({
  kind: "dinov2",
  embedDim: 8,
  depth: 1,
  numHeads: 2,
  imageSize: 28,
  hiddenDim: 12,
  ffn: "swiglu",
  numRegisters: 1,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-features-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a feature network's file", () => {
  it("keeps configuration and weights", async () => {
    const path = join(folder, "own.safetensors");
    await writeFeatureNetwork(path, hashNetwork(config, "test/"));
    const read = await readFeatureNetwork(path);
    expect(read.config).toEqual(config);
    const { tensors, digest } = await readFeatureNetwork(path);
    expect(digest).toBe(read.digest);
    expect([...tensors.keys()].sort()).toEqual([...hashNetwork(config, "test/").tensors.keys()].sort());
  });

  it("may carry a prefix, and what training alone needs", async () => {
    const { tensors } = await readSafetensors(golden("features/dinov2/tiny_hf.safetensors"));
    const path = join(folder, "prefixed.safetensors");
    await writeSafetensors(path, new Map([...tensors].map(([name, tensor]) => [`dinov2.${name}`, tensor])));
    const heads = { fields: { numHeads: 3 } };
    const plain = await readFeatureNetwork(golden("features/dinov2/tiny.safetensors"), heads);
    expect((await readFeatureNetwork(path, heads)).digest).toBe(plain.digest);
  });

  it("that is none is refused with the layouts that are known", async () => {
    const path = golden("network/cond/weights.safetensors");
    await expect(readFeatureNetwork(path)).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining(
        `${path} holds the weights of no feature network known here: the FID's Inception-v3`,
      ),
    });
  });

  it("that lacks a tensor is refused with the tensor's name", async () => {
    const { tensors } = await readSafetensors(golden("features/dinov2/tiny.safetensors"));
    const path = join(folder, "damaged.safetensors");
    await writeSafetensors(path, new Map([...tensors].filter(([name]) => name !== "blocks.1.ls2.gamma")));
    const reading = readFeatureNetwork(path, { fields: { numHeads: 3 } });
    await expect(reading).rejects.toThrow(`${path}: tensor blocks.1.ls2.gamma [48] is missing`);
  });

  it("whose heads have no published width asks for their number", async () => {
    const reading = readFeatureNetwork(golden("features/dinov2/tiny.safetensors"));
    await expect(reading).rejects.toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringContaining("numHeads"),
    });
  });

  it("with a value that is not a number is refused when it is built", async () => {
    const network = hashNetwork(config, "test/");
    const damaged = new Float32Array(network.tensors.get("norm.bias")!.data.buffer);
    damaged[3] = Number.NaN;
    await expect(buildFeatureNetwork(network)).rejects.toMatchObject({ reason: "NOT_FINITE" });
  });
});
