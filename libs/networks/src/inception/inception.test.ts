/**
 * A FID is compared with numbers of papers that were computed by one network of 2015: a pooling that counts its border, an
 * epsilon of 1e-5, a resize with half pixels each move it by more than the differences that people publish. Weights are
 * made by rule, so all of the real architecture runs here.
 */
import { beforeAll, describe, expect, it } from "@jest/globals";
import { featureGraph, featureNetworkConfig } from "../features/architectures.js";
import { buildFeatureNetwork } from "../features/build.js";
import { goldenImages, hashNetwork, tapError } from "../features/golden-features.js";
import { goldenJson, openSession, relativeError } from "../golden.js";
import { fromNvidia, fromNvidiaName } from "./nvidia.js";

const config = featureNetworkConfig({ kind: "inception_v3" });
const network = hashNetwork(config, "dev/inception/");
const names = goldenJson("features/inception/names.json") as {
  tensors: Record<string, number[]>;
  nvidia_to_pt: Record<string, string>;
};

let io: Awaited<ReturnType<typeof goldenImages>>;
let x: { data: Float32Array; shape: readonly number[] };
let outputs: Record<string, Float32Array>;
beforeAll(async () => {
  io = await goldenImages("features/inception/io.safetensors");
  const run = await openSession(await buildFeatureNetwork(network, { activations: true }));
  x = io.input("imgs", config);
  outputs = await run({ x });
});

describe("Inception-v3", () => {
  it("has the tensors of the FID checkpoint", () => {
    const expected = Object.entries(names.tensors).filter(([name]) => !name.endsWith(".num_batches_tracked"));
    const { specs } = featureGraph(config);
    expect(new Map(specs.map(({ name, shape }) => [name, shape]))).toEqual(new Map(expected));
  });

  it("resizes as TensorFlow 1 did, bit for bit", () => {
    const resized = io.floats("resized0");
    const first = x.data.subarray(0, resized.length);
    expect(first.findIndex((value, i) => value !== resized[i])).toBe(-1);
  });

  it("gives the reference's features and logits", () => {
    expect(relativeError(outputs.features!, io.floats("feat2048"))).toBeLessThan(1e-5);
    expect(relativeError(outputs.logits!, io.floats("logits_unbiased"))).toBeLessThan(1e-5);
  });

  it("gives the reference's activations at every layer", () => {
    const { taps } = goldenJson("features/inception/meta.json") as {
      taps: Record<string, Parameters<typeof tapError>[1]>;
    };
    const errors = Object.entries(taps).map(([name, tap]) => [name, tapError(outputs[`activation/${name}`]!, tap)]);
    expect(errors.filter(([, error]) => !(Number(error) <= 1e-4))).toEqual([]);
    expect(errors).toHaveLength(18);
  });

  it("gives an image the same bits alone, among others, and on any number of threads", async () => {
    const model = await buildFeatureNetwork(network);
    const { data } = x;
    const each = data.length / 4;
    for (const intraOpNumThreads of [1, 2]) {
      const run = await openSession(model, { intraOpNumThreads });
      for (const [from, to] of [
        [1, 2],
        [0, 3],
      ] as const) {
        const part = await run({ x: { data: data.slice(from * each, to * each), shape: [to - from, 3, 299, 299] } });
        expect(part.features).toEqual(outputs.features!.slice(from * 2048, to * 2048));
        expect(part.logits).toEqual(outputs.logits!.slice(from * 1008, to * 1008));
      }
    }
  });
});

describe("the reference's pickled detector", () => {
  it("has a name for every tensor of the checkpoint but the gammas", () => {
    const renamed = Object.keys(names.nvidia_to_pt).map((name) => [name, fromNvidiaName(name)]);
    expect(Object.fromEntries(renamed)).toEqual(names.nvidia_to_pt);
  });

  it("is the checkpoint's network with every gamma 1", async () => {
    const stored = Object.entries(names.nvidia_to_pt).map(
      ([nvidia, pt]) => [nvidia, network.tensors.get(pt)!] as const,
    );
    const run = await openSession(await buildFeatureNetwork({ ...network, tensors: fromNvidia(new Map(stored)) }));
    const { features } = await run({ x });
    expect(relativeError(features!, io.floats("feat2048_gamma1"))).toBeLessThan(1e-5);
  });
});
