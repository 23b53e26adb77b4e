/** @file Layers of the training graph: images are rows [N*R*R, C], weights are inputs that are normalized already. */
import { fixed, type Graph, type Value } from "@tandem/graph";
import type { TrainedTensor } from "./trained-tensor.js";

/** How a product enters a sum: `factor` conv(x) + `beta` addend. */
export interface Sum {
  readonly factor?: number;
  readonly addend?: Value;
  readonly beta?: number;
}

/** Makes layers in a graph, and lists what they train. Every product carries its 1/sqrt(fan-in) as a factor (eq. 47). */
export class TrainingLayers {
  readonly trained: { readonly tensor: TrainedTensor; readonly value: Value }[] = [];
  /** Buffers by name: stored with the network, not trained. */
  readonly buffers = new Map<string, readonly number[]>();

  constructor(
    readonly g: Graph,
    /** Images of a round. */
    readonly batch: number,
  ) {}

  /** Height and width of the images that rows are of. */
  side(rows: Value): number {
    return Math.sqrt(fixed(rows.shape, 0) / this.batch);
  }

  /** A stored table [C], as [1, C]. */
  buffer(name: string, channels: number): Value {
    this.buffers.set(name, [channels]);
    return this.g.input(name, [1, channels]);
  }

  /** A trained scalar. */
  gain(name: string): Value {
    const value = this.g.input(name, []);
    const tensor: TrainedTensor = { name, shape: [], role: "gain", taps: 1, outputs: 1, channels: 1 };
    this.trained.push({ tensor, value });
    return value;
  }

  /** MP-linear of rows, or a 1x1 MP-Conv (`shape` says which): [M, C] -> [M, outputs]. */
  linear(
    layer: string,
    x: Value,
    outputs: number,
    sum: Sum & { isConv?: boolean; order?: readonly number[] } = {},
  ): Value {
    const { g } = this;
    const { factor = 1, addend, beta = 1, isConv = false, order } = sum;
    const channels = fixed(x.shape, 1);
    const name = `${layer}.weight`;
    const value = g.input(name, [outputs, channels]);
    const shape = [outputs, channels, ...(isConv ? [1, 1] : [])];
    this.trained.push({
      tensor: { name, shape, role: "weight", taps: 1, outputs, channels, ...(order && { order }) },
      value,
    });
    const alpha = factor / Math.sqrt(channels);
    return g.layer(layer, () =>
      addend
        ? g.gemm(x, value, addend, { transposeB: true, alpha, beta })
        : g.matmul(x, value, { transposeB: true, alpha }),
    );
  }

  /** 3x3 MP-Conv: [N*R*R, C] -> [N*R*R, outputs]. */
  conv(layer: string, x: Value, outputs: number, { factor = 1, addend, beta = 1 }: Sum = {}): Value {
    const { g } = this;
    const channels = fixed(x.shape, 1);
    const name = `${layer}.weight`;
    const value = g.input(name, [9 * outputs, channels]);
    const rows = g.input(`${name}/rows`, [outputs, 9 * channels]);
    const shape = [outputs, channels, 3, 3];
    this.trained.push({ tensor: { name, shape, role: "weight", taps: 9, outputs, channels }, value });
    const inputs = addend ? [x, value, rows, addend] : [x, value, rows];
    const attributes = { alpha: factor / Math.sqrt(9 * channels), beta };
    return g.layer(layer, () => g.rowConv(inputs, this.side(x), attributes));
  }
}
