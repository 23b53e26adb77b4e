/** An autoencoder comes from somewhere else, in a file of some year: it is read, or the message says what is wrong with it. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readSafetensors, type TensorData, toFloat32, writeSafetensors } from "@tandem/formats";
import { golden } from "../golden.js";
import { hashTensors } from "../testing/hash-weights.js";
import { autoencoderConfig } from "./config.js";
import { autoencoderTensors } from "./graphs.js";
import { readAutoencoder } from "./read.js";
import { writeAutoencoder } from "./write.js";

const two = golden("features/vae/two");
const weights = "diffusion_pytorch_model.safetensors";
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/autoencoder/${name}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-autoencoder-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The golden autoencoder with changed tensors, in a folder of its own. */
async function variant(name: string, change: (tensors: Map<string, TensorData>) => void): Promise<string> {
  const at = join(folder, name);
  await mkdir(at);
  await copyFile(join(two, "config.json"), join(at, "config.json"));
  const { tensors } = await readSafetensors(join(two, weights));
  change(tensors);
  await writeSafetensors(join(at, weights), tensors);
  return at;
}

const values = (tensors: ReadonlyMap<string, TensorData>) =>
  new Map([...tensors].sort().map(([name, tensor]) => [name, [...toFloat32(tensor)]]));

describe("an autoencoder's file", () => {
  it.each(["two", "three"])("means the same with the names of its first years: %s", async (name) => {
    const current = await readAutoencoder(golden(`features/vae/${name}`));
    const at = join(folder, `${name}-old`);
    await mkdir(at);
    await copyFile(golden(`features/vae/${name}/config.json`), join(at, "config.json"));
    await copyFile(golden(`features/vae/${name}/old_names/${weights}`), join(at, weights));
    const old = await readAutoencoder(at);
    expect(old.config).toEqual(current.config);
    expect(values(old.tensors)).toEqual(values(current.tensors));
  });

  it("may be named itself, with its configuration beside it; its digest is that of its bytes", async () => {
    const { digest, config } = await readAutoencoder(join(two, weights));
    expect(config).toMatchObject({ blockOutChannels: [8, 16], normNumGroups: 4, sampleSize: 32 });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await readAutoencoder(two)).digest).toBe(digest);
  });

  it("may lie in the folder of a pipeline", async () => {
    const at = join(folder, "pipeline", "vae");
    await mkdir(at, { recursive: true });
    for (const name of ["config.json", weights]) await copyFile(join(two, name), join(at, name));
    expect((await readAutoencoder(join(folder, "pipeline"))).config.blockOutChannels).toEqual([8, 16]);
  });

  it.each(["current.bin", "old-legacy.pt"])("may be one of PyTorch's: %s", async (name) => {
    const expected = await readSafetensors(fixture("weights.safetensors"));
    const { tensors, config } = await readAutoencoder(fixture(name));
    expect(config.blockOutChannels).toEqual([4]);
    expect(values(tensors)).toEqual(values(expected.tensors));
  });

  it("of our own has its configuration within", async () => {
    const autoencoder = await readAutoencoder(two);
    const path = join(folder, "own.safetensors");
    await writeAutoencoder(path, autoencoder);
    const read = await readAutoencoder(path);
    expect(read.config).toEqual(autoencoder.config);
    expect(values(read.tensors)).toEqual(values(autoencoder.tensors));
  });

  it("without a configuration tells it by its tensors, where the groups are the usual 32", async () => {
    const config = autoencoderConfig({ block_out_channels: [32, 64], layers_per_block: 1 }, "config");
    const path = join(folder, "alone.safetensors");
    await writeSafetensors(path, hashTensors("test/", autoencoderTensors(config)));
    expect((await readAutoencoder(path)).config).toEqual(config);
    const small = join(folder, "small.safetensors");
    await copyFile(join(two, weights), small);
    await expect(readAutoencoder(small)).rejects.toMatchObject({ reason: "FIELD_INVALID", message: /norm_num_groups/ });
  });
});

describe("what is wrong is named:", () => {
  const name = "decoder.up_blocks.1.resnets.0.conv1.weight";

  it("a tensor that is missing", async () => {
    const at = await variant("missing", (tensors) => tensors.delete(name));
    await expect(readAutoencoder(at)).rejects.toThrow(`${join(at, weights)}: tensor ${name} [8,16,3,3] is missing`);
  });

  it("a tensor of another shape, with the one expected", async () => {
    const at = await variant("shape", (tensors) => {
      tensors.set(name, { ...tensors.get(name)!, shape: [16, 8, 3, 3] });
    });
    await expect(readAutoencoder(at)).rejects.toThrow(
      `${join(at, weights)}: tensor ${name} is [16,8,3,3]; its configuration asks for [8,16,3,3]`,
    );
  });

  it("a tensor too many", async () => {
    const at = await variant("stranger", (tensors) => tensors.set("decoder.extra", tensors.get("quant_conv.bias")!));
    await expect(readAutoencoder(at)).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: /decoder\.extra/,
    });
  });

  it("another network, a folder without weights, nothing", async () => {
    await expect(readAutoencoder(golden("network/cond/weights.safetensors"))).rejects.toMatchObject({
      reason: "MODEL_INCOMPATIBLE",
      message: /holds no autoencoder/,
    });
    await mkdir(join(folder, "empty"));
    await expect(readAutoencoder(join(folder, "empty"))).rejects.toThrow("has no weights: looked for");
    await expect(readAutoencoder(join(folder, "nothing"))).rejects.toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });

  it.each([
    [{ act_fn: "gelu" }, "NOT_SUPPORTED", /act_fn is "gelu"/],
    [{ _class_name: "AutoencoderTiny" }, "NOT_SUPPORTED", /AutoencoderTiny/],
    [{ down_block_types: ["AttnDownEncoderBlock2D"] }, "NOT_SUPPORTED", /AttnDownEncoderBlock2D/],
    [{ norm_num_groups: 3 }, "FIELD_INVALID", /norm_num_groups is 3; it must be a divisor/],
    [{ latent_channels: 0 }, "FIELD_INVALID", /latent_channels/],
    [{ out_channels: 1 }, "FIELD_INVALID", /out_channels/],
  ])("a configuration with %j", async (fields, reason, message) => {
    const values = JSON.parse(await readFile(join(two, "config.json"), "utf8")) as Record<string, unknown>;
    expect(() => autoencoderConfig({ ...values, ...fields }, "config.json")).toThrow(
      expect.objectContaining({ reason, message: expect.stringMatching(message) }),
    );
  });

  it("a configuration that is no JSON", async () => {
    const at = await variant("json", () => undefined);
    await writeFile(join(at, "config.json"), "{");
    await expect(readAutoencoder(at)).rejects.toMatchObject({ reason: "UNSAFE_FILE", message: /config\.json/ });
  });
});
