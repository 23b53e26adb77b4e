/** The plane is where guidance can be checked by eye and by formula: its densities and scores must be exact. */
import { describe, expect, it } from "@jest/globals";
import { readSafetensors, type TensorData, toFloat32 } from "@tandem/formats";
import { networkConfig } from "../architectures.js";
import { buildDenoiser } from "../build.js";
import { readNetwork } from "../file/read-network.js";
import { golden, goldenTensors, openSession, relativeError } from "../golden.js";
import { gaussianMixtureConfig } from "../mixture/config.js";
import { gaussianMixture } from "../mixture/ground-truth.js";
import type { Network } from "../network.js";

const inMemory = (config: Record<string, unknown>, tensors: Map<string, TensorData>): Network => ({
  config: networkConfig(config),
  tensors,
  encoding: { kind: "rgb" },
  provenance: {},
  digest: "",
  format: "memory",
});

const mixtureOf = (classes: "A" | "B" | "AB") => gaussianMixtureConfig({ classes });

/** normalize(w) of numerics, section 2: what training does to stored weights before it uses them. */
function normalized({ shape, data, dtype }: TensorData): TensorData {
  const values = toFloat32({ shape, data: data.slice(), dtype });
  const fanIn = shape[1]!;
  for (let start = 0; start < values.length; start += fanIn) {
    const row = values.subarray(start, start + fanIn);
    const rms = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / fanIn);
    row.set(row.map((x) => x / (1e-4 + rms)));
  }
  return { shape, dtype, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

describe("the true distribution", () => {
  it("has the reference's density and score, and stays finite where the reference's density underflows", async () => {
    const run = await openSession(await buildDenoiser(await gaussianMixture(mixtureOf("A"))));
    const { x, sigma, logp, pdf, score } = await goldenTensors("toy/points.safetensors");
    const outputs = await run({ x: x!, sigma: sigma! });
    const densities = outputs.log_density!;
    expect(densities.every(Number.isFinite)).toBe(true);
    expect(relativeError(densities.map(Math.exp), pdf!.data)).toBeLessThan(1e-5);
    logp!.data.forEach((expected, i) => {
      if (expected === Number.NEGATIVE_INFINITY) expect(densities[i]).toBeLessThan(-80);
      else expect(Math.abs(densities[i]! - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
    });
    const known = [...score!.data.keys()].filter((i) => Number.isFinite(score!.data[i]));
    const at = (values: Float32Array) => Float32Array.from(known, (i) => values[i]!);
    expect(relativeError(at(outputs.score!), at(score!.data))).toBeLessThan(1e-4);
  });

  it.each(["A", "B", "AB"] as const)("has the reference's components of %s", async (classes) => {
    const { tensors } = await gaussianMixture(mixtureOf(classes));
    for (const [name, expected] of Object.entries(await goldenTensors(`toy/mixture-${classes}.safetensors`))) {
      expect(tensors.get(name)!.shape).toEqual(expected.shape);
      expect(relativeError(toFloat32(tensors.get(name)!), expected.data)).toBeLessThan(1e-7);
    }
  });

  it("tells mixtures apart by digest, and says which seed there is", async () => {
    const [a, b, both] = await Promise.all((["A", "B", "AB"] as const).map((name) => gaussianMixture(mixtureOf(name))));
    expect(new Set([a!.digest, b!.digest, both!.digest]).size).toBe(3);
    const other = gaussianMixture({ ...mixtureOf("A"), seed: 3 });
    await expect(other).rejects.toMatchObject({ reason: "NOT_SUPPORTED", message: expect.stringContaining("seed 2") });
    const fewer = gaussianMixture({ ...mixtureOf("AB"), numComponents: 1016 });
    await expect(fewer).rejects.toMatchObject({ reason: "FIELD_INVALID", message: expect.stringContaining("2032") });
  });
});

describe("the toy network", () => {
  it("has the reference's log density and score", async () => {
    const { tensors } = await readSafetensors(golden("toy/step-start.safetensors"));
    const trained = new Map([...tensors].map(([name, t]) => [name, name.endsWith(".weight") ? normalized(t) : t]));
    const run = await openSession(
      await buildDenoiser(inMemory({ kind: "toy_mlp", numLayers: 3, hiddenDim: 16 }, trained)),
    );
    const { x, sigma, logp, score } = await goldenTensors("toy/step0.safetensors");
    const outputs = await run({ x: x!, sigma: sigma! });
    expect(relativeError(outputs.log_density!, logp!.data)).toBeLessThan(1e-5);
    expect(relativeError(outputs.score!, score!.data)).toBeLessThan(1e-4);
  });

  it("moves samples along the reference's trajectory", async () => {
    const run = await openSession(
      await buildDenoiser(await readNetwork(golden("toy/clsA-layers04-dim64/iter2048.pkl"))),
    );
    const { every_8th_step: path } = await goldenTensors("toy/trajectory-plain.safetensors");
    const [steps, ...shape] = path!.shape as [number, number, number];
    const length = path!.data.length / steps;
    const level = (i: number) => (i === 32 ? 0 : (5 ** (1 / 7) + (i / 31) * (0.002 ** (1 / 7) - 5 ** (1 / 7))) ** 7);
    const slope = async (x: Float64Array, sigma: number) => {
      const inputs = {
        x: { data: Float32Array.from(x), shape },
        sigma: { data: new Float32Array(shape[0]!).fill(sigma), shape: [shape[0]!] },
      };
      const { denoised } = await run(inputs);
      return x.map((value, k) => (value - denoised![k]!) / sigma);
    };
    let x = Float64Array.from(path!.data.subarray(0, length));
    for (let i = 0; i < 8; i++) {
      const [sigma, next] = [level(i), level(i + 1)];
      const first = await slope(x, sigma);
      const second = await slope(
        x.map((value, k) => value + (next - sigma) * first[k]!),
        next,
      );
      x = x.map((value, k) => value + ((next - sigma) * (first[k]! + second[k]!)) / 2);
    }
    expect(relativeError(Float32Array.from(x), path!.data.subarray(length, 2 * length))).toBeLessThan(1e-5);
  });
});
