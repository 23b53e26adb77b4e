/**
 * DINOv2's features depend on details that no weight file tells: how positions reach another grid, which resampling the image
 * gets, which layout the weights came in. Each of them alone moves a distance by percents.
 */
import { beforeAll, describe, expect, it } from "@jest/globals";
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";
import { featureGraph, featureNetworkConfig } from "../features/architectures.js";
import { buildFeatureNetwork, type FeatureBuildOptions } from "../features/build.js";
import type { FeatureNetwork } from "../features/feature-network.js";
import { goldenImages, tapError } from "../features/golden-features.js";
import { readFeatureNetwork } from "../features/read.js";
import { golden, goldenJson, openSession, relativeError } from "../golden.js";
import { hashValues } from "../testing/hash-weights.js";
import { dinov2Config } from "./config.js";
import { fromHuggingFace } from "./hugging-face.js";
import { dinov2Fields } from "./infer-config.js";
import { interpolatePositions } from "./positions.js";

type Input = { data: Float32Array; shape: readonly number[] };

const heads = { fields: { numHeads: 3 } }; // 16 wide, where published models have 64
const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);

let tiny: FeatureNetwork;
let images: Awaited<ReturnType<typeof goldenImages>>;
let io: Awaited<ReturnType<typeof goldenImages>>;
let a: Input;
beforeAll(async () => {
  tiny = await readFeatureNetwork(golden("features/dinov2/tiny.safetensors"), heads);
  images = await goldenImages("features/dinov2/preprocess.safetensors");
  io = await goldenImages("features/dinov2/tiny_io.safetensors");
  a = images.input("a", tiny.config);
});

const featuresOf = async (network: FeatureNetwork, x: Input, options: FeatureBuildOptions = {}) =>
  (await openSession(await buildFeatureNetwork(network, options)))({ x });

/** The tiny network with other fields and tensors. */
const changed = (fields: object, tensors: Iterable<readonly [string, TensorData]> = []): FeatureNetwork => ({
  ...tiny,
  config: { ...tiny.config, ...fields },
  tensors: new Map([...tiny.tensors, ...tensors]),
});

describe("DINOv2", () => {
  it("resizes and scales images as the reference does", () => {
    expect(largestDifference(a.data.subarray(0, 3 * 224 * 224), images.floats("a_tensor"))).toBeLessThan(3e-4);
    expect(largestDifference(images.input("b", tiny.config).data, images.floats("b_tensor"))).toBeLessThan(3e-4);
  });

  it("gives the reference's features, from its images and from its tensors", async () => {
    const b: Input = { data: images.floats("b_tensor"), shape: [1, 3, 224, 224] };
    expect(relativeError((await featuresOf(tiny, a)).features!, io.floats("feat_a"))).toBeLessThan(5e-5);
    expect(relativeError((await featuresOf(tiny, b)).features!, io.floats("feat_b"))).toBeLessThan(1e-5);
  });

  it("gives the reference's activations at every layer", async () => {
    const { taps } = goldenJson("features/dinov2/meta.json") as {
      taps: Record<string, Parameters<typeof tapError>[1]>;
    };
    const outputs = await featuresOf(tiny, a, { activations: true });
    const errors = Object.entries(taps).map(([name, tap]) => [name, tapError(outputs[`activation/${name}`]!, tap)]);
    expect(errors.filter(([, error]) => !(Number(error) <= 1e-4))).toEqual([]);
    const patches = outputs["activation/norm"]!.slice(48, 257 * 48); // of the first image, without the class token
    expect(relativeError(patches, io.floats("patchtokens_a0"))).toBeLessThan(5e-5);
  });

  it("brings positions to the grid as the published model does: by the step 37/16.1", () => {
    const stored = toFloat32(tiny.tensors.get("pos_embed")!);
    const config = dinov2Config({ embedDim: 48, numHeads: 3, depth: 3 }, "network");
    expect(
      largestDifference(interpolatePositions(stored, config, [16, 16]), io.floats("pos_interpolated")),
    ).toBeLessThan(3e-5);
    const registers = { ...config, interpolateOffset: 0, interpolateAntialias: true };
    expect(
      largestDifference(interpolatePositions(stored, registers, [16, 16]), io.floats("pos_interpolated_reg4")),
    ).toBeLessThan(3e-5);
    expect(interpolatePositions(stored, config, [37, 37])).toBe(stored);
  });

  it("gives another library's features where the step is 37/16", async () => {
    const { features } = await featuresOf(changed({ interpolateOffset: 0 }), a);
    expect(relativeError(features!, io.floats("feat_a_huggingface"))).toBeLessThan(5e-5);
  });

  it("norms with an epsilon of 1e-6, which small inputs show", async () => {
    const names = ["cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"];
    const small = names.map((name) => {
      const { shape } = tiny.tensors.get(name)!;
      const values = toFloat32(tiny.tensors.get(name)!).map((value) => value / 1024);
      return [name, fromFloat32(values, shape, "F32")] as const;
    });
    const { features } = await featuresOf(changed({}, small), a);
    expect(relativeError(features!, io.floats("feat_a_eps"))).toBeLessThan(5e-5);
  });

  it("has registers", async () => {
    const registers = fromFloat32(hashValues("dev/dinov2/register_tokens", 4 * 48), [1, 4, 48], "F32");
    const fields = { numRegisters: 4, interpolateOffset: 0, interpolateAntialias: true };
    const { features } = await featuresOf(changed(fields, [["register_tokens", registers]]), a);
    expect(relativeError(features!, io.floats("feat_a_reg4"))).toBeLessThan(5e-5);
  });

  it.each([
    ["x_rect", "feat_rect", 140, 224],
    ["x518", "feat_518", 518, 518],
  ] as const)("takes images of other sizes: %s", async (name, expected, height, width) => {
    const data = hashValues(`dev/dinov2/${name}`, 3 * height * width).map((u) => 2 * u);
    const x = { data: Float32Array.from(data), shape: [1, 3, height, width] };
    const { features } = await featuresOf(tiny, x, { inputSize: [height, width] });
    expect(relativeError(features!, io.floats(expected))).toBeLessThan(1e-5);
  });

  it("gives an image the same bits alone, among others, and on any number of threads", async () => {
    const model = await buildFeatureNetwork(tiny);
    const together = await (await openSession(model, { intraOpNumThreads: 2 }))({ x: a });
    const alone = await openSession(model, { intraOpNumThreads: 1 });
    for (const i of [0, 1]) {
      const each = a.data.length / 2;
      const { features } = await alone({
        x: { data: a.data.slice(i * each, (i + 1) * each), shape: [1, 3, 224, 224] },
      });
      expect(features).toEqual(together.features!.slice(i * 48, (i + 1) * 48));
    }
  });
});

describe("DINOv2's weights", () => {
  const names = goldenJson("features/dinov2/names.json") as {
    tensors: Record<string, number[]>;
    huggingface: Record<string, number[]>;
  };
  /** Tensors of a shape without their bytes. */
  const bare = (shapes: Record<string, number[]>) =>
    new Map(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        { dtype: "F32", shape, data: new Uint8Array() } as TensorData,
      ]),
    );

  it("are those of the published ViT-L/14, found by their shapes", () => {
    const config = featureNetworkConfig({ kind: "dinov2", ...dinov2Fields(bare(names.tensors), "vitl14.pth") });
    expect(config).toEqual(featureNetworkConfig({ kind: "dinov2" })); // whose defaults are ViT-L/14
    const { mask_token: _, ...expected } = names.tensors;
    expect(new Map(featureGraph(config).specs.map(({ name, shape }) => [name, shape]))).toEqual(
      new Map(Object.entries(expected)),
    );
  });

  it("read from Hugging Face's layout are the same network, down to its digest", async () => {
    const other = await readFeatureNetwork(golden("features/dinov2/tiny_hf.safetensors"), heads);
    expect(other.digest).toBe(tiny.digest);
    expect(other.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("of Hugging Face's files all have an official name", () => {
    const withoutThirds = Object.fromEntries(
      Object.entries(names.huggingface).filter(([name]) => !name.includes("attention.attention")),
    );
    const official = [...fromHuggingFace(bare(withoutThirds)).keys()].sort();
    expect(official).toEqual(
      Object.keys(names.tensors)
        .filter((name) => !name.includes("attn.qkv"))
        .sort(),
    );
  });
});
