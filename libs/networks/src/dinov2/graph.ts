/** @file DINOv2 (arXiv 2304.07193): a vision transformer whose class token, after the last norm, is the feature. */
import { invalid } from "@tandem/errors";
import { fixed, Graph, type Value } from "@tandem/graph";
import type { FeatureGraph, InputSize } from "../features/architecture.js";
import { StoredWeights } from "../weights/stored-weights.js";
import type { Dinov2Config } from "./config.js";
import { interpolatePositions } from "./positions.js";

const epsilon = 1e-6;

/** Builds the graph: input x [N,3,H,W] normalized, H and W multiples of the patch size; output features [N,D]. */
export function dinov2Graph(config: Dinov2Config, size: InputSize): FeatureGraph {
  return new Transformer(config, size).build();
}

/** One graph under construction. Names are those of the official checkpoints. */
class Transformer {
  readonly #g = new Graph();
  readonly #weights = new StoredWeights(this.#g);
  readonly #activations = new Map<string, Value>();
  readonly #grid: readonly [number, number];

  constructor(
    private readonly config: Dinov2Config,
    private readonly size: InputSize,
  ) {
    const { patchSize } = config;
    if (size.some((extent) => extent < patchSize || extent % patchSize !== 0))
      throw invalid("inputSize", size.join("x"), `multiples of the patch size, ${patchSize}`);
    this.#grid = [size[0] / patchSize, size[1] / patchSize];
  }

  build(): FeatureGraph {
    const g = this.#g;
    const { depth, embedDim } = this.config;
    let x = this.#tokens();
    for (let i = 0; i < depth; i++) x = this.#block(`blocks.${i}`, x);
    const normalized = this.#norm("norm", x);
    this.#activations.set("norm", normalized);
    g.output("features", g.reshape(g.slice(normalized, 1, 0, 1), ["N", embedDim]));
    return { graph: g, specs: this.#weights.specs, activations: this.#activations };
  }

  /** Class token, registers and patches with their positions: [N,T,D]. */
  #tokens(): Value {
    const g = this.#g;
    const { config, size } = this;
    const { embedDim, patchSize, imageSize, numRegisters } = config;
    const [rows, columns] = this.#grid;
    const weights = this.#weights;
    const x = g.input("x", ["N", 3, ...size]);
    const patches = g.layer("patch_embed", () => {
      const kernel = weights.stored("patch_embed.proj.weight", [embedDim, 3, patchSize, patchSize]);
      const convolved = g.conv(x, kernel, { stride: patchSize, pads: [0, 0, 0, 0] });
      const sequence = g.transpose(g.reshape(convolved, ["N", embedDim, rows * columns]), [0, 2, 1]);
      return g.add(sequence, weights.stored("patch_embed.proj.bias", [embedDim]));
    });
    this.#activations.set("patch_embed", patches);
    return g.layer("tokens", () => {
      const first = g.slice(patches, 1, 0, 1);
      const token = g.expand(weights.stored("cls_token", [1, 1, embedDim]), first);
      weights.declare("pos_embed", [1, 1 + (imageSize / patchSize) ** 2, embedDim]);
      const positions = weights.folded("pos_embed", [1, 1 + rows * columns, embedDim], (tensor) =>
        interpolatePositions(tensor("pos_embed"), config, this.#grid),
      );
      const placed = g.add(g.concat([token, patches], 1), positions);
      if (numRegisters === 0) return placed;
      // Registers stand for no place in the image: they come after the positions were added.
      const stored = weights.stored("register_tokens", [1, numRegisters, embedDim]);
      const registers = Array.from({ length: numRegisters }, (_, i) => g.expand(g.slice(stored, 1, i, i + 1), first));
      return g.concat([g.slice(placed, 1, 0, 1), ...registers, g.slice(placed, 1, 1, 1 + rows * columns)], 1);
    });
  }

  /** x + ls1 attention(norm1(x)), then x + ls2 feedForward(norm2(x)). */
  #block(name: string, x: Value): Value {
    const { embedDim } = this.config;
    const g = this.#g;
    const result = g.layer(name, () => {
      const scaled = (layer: string, value: Value) =>
        g.mul(value, this.#weights.stored(`${name}.${layer}.gamma`, [embedDim]));
      const attended = g.add(x, scaled("ls1", this.#attention(`${name}.attn`, this.#norm(`${name}.norm1`, x))));
      const normalized = this.#norm(`${name}.norm2`, attended);
      return g.add(attended, scaled("ls2", this.#feedForward(`${name}.mlp`, normalized)));
    });
    this.#activations.set(name, result);
    return result;
  }

  /** softmax(q k^T / sqrt(d)) v of every head; d is the head's width. */
  #attention(name: string, x: Value): Value {
    const g = this.#g;
    const { embedDim, numHeads } = this.config;
    const [tokens, width] = [fixed(x.shape, 1), embedDim / numHeads];
    const qkv = g.reshape(this.#linear(`${name}.qkv`, x, 3 * embedDim), ["N", tokens, 3 * numHeads, width]);
    const heads = g.transpose(qkv, [0, 2, 1, 3]);
    const [q, k, v] = [0, 1, 2].map((i) => g.slice(heads, 1, i * numHeads, (i + 1) * numHeads)) as [
      Value,
      Value,
      Value,
    ];
    const shares = g.softmax(g.matmul(q, k, { transposeB: true, alpha: 1 / Math.sqrt(width) }));
    const joined = g.reshape(g.transpose(g.matmul(shares, v), [0, 2, 1, 3]), ["N", tokens, embedDim]);
    return this.#linear(`${name}.proj`, joined, embedDim);
  }

  #feedForward(name: string, x: Value): Value {
    const { embedDim, hiddenDim, ffn } = this.config;
    const g = this.#g;
    if (ffn === "mlp") return this.#linear(`${name}.fc2`, g.gelu(this.#linear(`${name}.fc1`, x, hiddenDim)), embedDim);
    const both = this.#linear(`${name}.w12`, x, 2 * hiddenDim);
    const gate = g.silu(g.slice(both, 2, 0, hiddenDim));
    return this.#linear(`${name}.w3`, g.mul(gate, g.slice(both, 2, hiddenDim, 2 * hiddenDim)), embedDim);
  }

  #norm(name: string, x: Value): Value {
    const { embedDim } = this.config;
    const parts = ["weight", "bias"].map((part) => this.#weights.stored(`${name}.${part}`, [embedDim]));
    return this.#g.layer(name, () => this.#g.layerNorm(x, parts[0]!, parts[1]!, epsilon));
  }

  /** x w^T + b over the last axis. */
  #linear(name: string, x: Value, width: number): Value {
    const g = this.#g;
    const weight = this.#weights.stored(`${name}.weight`, [width, fixed(x.shape, 2)]);
    const bias = this.#weights.stored(`${name}.bias`, [width]);
    return g.layer(name, () => g.add(g.matmul(x, weight, { transposeB: true }), bias));
  }
}
