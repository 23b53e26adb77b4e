/** @file Networks with random weights: for tests, benchmarks and the start of training. */
import { createHash } from "node:crypto";
import { fromFloat32, type TensorData } from "@tandem/formats";
import { denoiserGraph, type NetworkConfig } from "./architectures.js";
import type { Network } from "./network.js";
import type { ParameterSpec } from "./parameters.js";

/**
 * A network with weights N(0,1), gains 1 and Fourier tables as the definition draws them (numerics, section 2).
 * Gains are 1, not the 0 of a training start, so that every layer matters to the result.
 * The same seed gives the same network on every machine; the numbers are not those of another library's generator.
 */
export function randomNetwork(config: NetworkConfig, seed: number): Network {
  const random = generator(seed);
  const tensors = new Map<string, TensorData>();
  for (const spec of denoiserGraph(config).specs)
    tensors.set(spec.name, fromFloat32(draw(spec, random), spec.shape, "F32"));
  return {
    config,
    tensors,
    encoding: { kind: "rgb" },
    provenance: {},
    digest: digestOf(config, seed),
    format: "memory",
  };
}

/** Configuration and seed determine the weights, so their digest stands for that of the weights. */
function digestOf(config: NetworkConfig, seed: number): string {
  const recipe = `random ${seed} ${JSON.stringify(config, (_, value) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value))}`;
  return `sha256:${createHash("sha256").update(recipe).digest("hex")}`;
}

function draw({ name, shape, role }: ParameterSpec, random: Random): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(4 * shape.reduce((a, b) => a * b, 1)));
  if (role === "gain") return values.fill(1);
  if (name === "phi") return values.fill(1 / values.length);
  if (name === "Sigma") return values.map((_, i) => (i % 4 === 0 || i % 4 === 3 ? 0.01 : 0));
  const isPhase = name.endsWith(".phases");
  const factor = isPhase || name.endsWith(".freqs") ? 2 * Math.PI : 1;
  for (let i = 0; i < values.length; i++) values[i] = factor * (isPhase ? random.uniform() : random.normal());
  return values;
}

interface Random {
  uniform(): number;
  normal(): number;
}

/** xorshift32 with a scrambled seed, and the Marsaglia polar method: fast, and good enough for random weights. */
function generator(seed: number): Random {
  let state = Math.imul((seed ^ 0x9e3779b9) | 0, 0x85ebca6b) | 1;
  let spare: number | null = null;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const normal = () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    for (;;) {
      const [u, v] = [2 * uniform() - 1, 2 * uniform() - 1];
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
  return { uniform, normal };
}
