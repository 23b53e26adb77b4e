/** @file The U-Net's layers by state-dict name: each declares its weight and records its activation. */
import { type ElementType, fixed, type Graph, type Value } from "@tandem/graph";
import type { Parameters } from "../parameters.js";

/** Makes layers in a graph. Activations are those of the reference's modules of the same name. */
export class Layers {
  /** Every named activation, in the order of evaluation. */
  readonly activations = new Map<string, Value>();

  constructor(
    readonly g: Graph,
    readonly parameters: Parameters,
    /** Type of images and of their weights; the embedding is small and stays float32. */
    readonly type: ElementType,
  ) {}

  /** Values made inside belong to the named layer. */
  inside<T>(name: string, build: () => T): T {
    return this.g.layer(name, build);
  }

  /** Remembers a value under its layer's name. */
  record(name: string, value: Value): Value {
    this.activations.set(name, value);
    return value;
  }

  /** MP-Conv with a square kernel: x [N,C,H,W] -> [N,channels,H,W]. */
  conv(name: string, x: Value, channels: number, kernel: number, gain: string | null = null): Value {
    return this.inside(name, () => {
      const weight = this.parameters.weight(name, [channels, fixed(x.shape, 1), kernel, kernel], this.type, gain);
      return this.record(name, this.g.conv(x, weight));
    });
  }

  /** MP-linear: x [N,C] -> [N,channels], float32. */
  linear(name: string, x: Value, channels: number, gain: string | null = null): Value {
    return this.inside(name, () => {
      const weight = this.parameters.weight(name, [channels, fixed(x.shape, 1)], "float32", gain);
      return this.record(name, this.g.linear(x, weight));
    });
  }

  /** The factors with which an embedding scales channels: 1 + linear(embedding), as [N,channels,1,1]. */
  modulation(name: string, embedding: Value, channels: number, gain: string): Value {
    const linear = this.linear(name, embedding, channels, gain);
    return this.inside(name, () => {
      const factors = this.g.reshape(this.g.shift(linear, 1), [embedding.shape[0]!, channels, 1, 1]);
      return this.g.cast(factors, this.type);
    });
  }
}
