/** @file Layers of encoder and decoder by the checkpoints' names: each declares its tensors and records its activation. */
import { fixed, type Graph, type Value } from "@tandem/graph";
import type { StoredWeights } from "../weights/stored-weights.js";
import type { AutoencoderConfig } from "./config.js";

/** Of every group normalization. */
const epsilon = 1e-6;

/** Makes layers in a graph. */
export class AutoencoderLayers {
  readonly activations = new Map<string, Value>();

  constructor(
    readonly g: Graph,
    readonly weights: StoredWeights,
    readonly config: AutoencoderConfig,
  ) {}

  record(name: string, value: Value): Value {
    this.activations.set(name, value);
    return value;
  }

  /** Convolution with bias. By default it keeps height and width. */
  conv(
    name: string,
    x: Value,
    channels: number,
    { kernel = 3, ...window }: { kernel?: number } & Parameters<Graph["conv"]>[2] = {},
  ): Value {
    const { g, weights } = this;
    const weight = weights.stored(`${name}.weight`, [channels, fixed(x.shape, 1), kernel, kernel]);
    const bias = weights.stored(`${name}.bias`, [channels], [1, channels, 1, 1]);
    return g.layer(name, () => this.record(name, g.add(g.conv(x, weight, window), bias)));
  }

  /** Halves height and width, rounding down: zeros stand to the right and below alone. */
  downsample(name: string, x: Value): Value {
    return this.conv(`${name}.conv`, x, fixed(x.shape, 1), { stride: 2, pads: [0, 0, 1, 1] });
  }

  /** Doubles height and width: each place becomes four, and a convolution smooths them. */
  upsample(name: string, x: Value): Value {
    const doubled = this.g.layer(name, () => this.g.upsample(x));
    return this.conv(`${name}.conv`, doubled, fixed(x.shape, 1));
  }

  /** x + conv(silu(norm(conv(silu(norm(x)))))), x brought to the channels by a 1x1 convolution where they differ. */
  residual(name: string, x: Value, channels: number): Value {
    const { g } = this;
    const inner = this.conv(`${name}.conv1`, this.#active(`${name}.norm1`, x), channels);
    const branch = this.conv(`${name}.conv2`, this.#active(`${name}.norm2`, inner), channels);
    const isWider = fixed(x.shape, 1) !== channels;
    const skip = isWider ? this.conv(`${name}.conv_shortcut`, x, channels, { kernel: 1 }) : x;
    return g.layer(name, () => this.record(name, g.add(skip, branch)));
  }

  /** x + linear(softmax(q kᵀ / sqrt C) v) of the normalized x: one head over all channels, every place seeing every other. */
  attention(name: string, x: Value): Value {
    const { g } = this;
    const [channels, height, width] = [1, 2, 3].map((axis) => fixed(x.shape, axis)) as [number, number, number];
    const normalized = this.norm(`${name}.group_norm`, x);
    const places = g.layer(name, () => g.transpose(g.reshape(normalized, ["N", channels, height * width]), [0, 2, 1]));
    const [q, k, v] = ["to_q", "to_k", "to_v"].map((part) => this.#linear(`${name}.${part}`, places)) as [
      Value,
      Value,
      Value,
    ];
    const attended = g.layer(name, () => {
      const shares = g.softmax(g.matmul(q, k, { transposeB: true, alpha: 1 / Math.sqrt(channels) }));
      return g.matmul(shares, v);
    });
    const joined = this.#linear(`${name}.to_out.0`, attended);
    return g.layer(name, () => {
      const image = g.reshape(g.transpose(joined, [0, 2, 1]), ["N", channels, height, width]);
      return this.record(name, g.add(x, image));
    });
  }

  /** The coarsest level's middle: residual, attention, residual. */
  middle(name: string, x: Value): Value {
    const channels = fixed(x.shape, 1);
    const first = this.residual(`${name}.resnets.0`, x, channels);
    const seen = this.config.hasAttention ? this.attention(`${name}.attentions.0`, first) : first;
    return this.record(name, this.residual(`${name}.resnets.1`, seen, channels));
  }

  /** Group normalization. */
  norm(name: string, x: Value): Value {
    const channels = fixed(x.shape, 1);
    const [weight, bias] = ["weight", "bias"].map((part) =>
      this.weights.stored(`${name}.${part}`, [channels], [1, channels, 1, 1]),
    ) as [Value, Value];
    const groups = this.config.normNumGroups;
    return this.g.layer(name, () => this.record(name, this.g.groupNorm(x, weight, bias, { groups, epsilon })));
  }

  /** The last layer of encoder and decoder. */
  last(name: string, x: Value, channels: number): Value {
    return this.conv(`${name}.conv_out`, this.#active(`${name}.conv_norm_out`, x), channels);
  }

  #active(name: string, x: Value): Value {
    const normalized = this.norm(name, x);
    return this.g.layer(name, () => this.g.silu(normalized));
  }

  /** x wᵀ + b over the last axis, as wide as before. */
  #linear(name: string, x: Value): Value {
    const { g, weights } = this;
    const width = fixed(x.shape, 2);
    const weight = weights.stored(`${name}.weight`, [width, width]);
    const bias = weights.stored(`${name}.bias`, [width]);
    return g.layer(name, () => g.add(g.matmul(x, weight, { transposeB: true }), bias));
  }
}
