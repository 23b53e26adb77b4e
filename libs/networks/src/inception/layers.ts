/** @file Inception's layers by the names of the FID checkpoint: each declares its tensors and records its activation. */
import { fixed, type Graph, type Value } from "@tandem/graph";
import type { StoredWeights } from "../weights/stored-weights.js";

/** The variance's epsilon in every batch normalization of the 2015-12-05 graph. */
const epsilon = 1e-3;

/** Makes layers in a graph. */
export class InceptionLayers {
  readonly activations = new Map<string, Value>();

  constructor(
    readonly g: Graph,
    readonly weights: StoredWeights,
  ) {}

  record(name: string, value: Value): Value {
    this.activations.set(name, value);
    return value;
  }

  /**
   * Convolution without bias, batch normalization with its stored statistics, relu. The normalization is folded:
   *   gamma (w x - mean) / sqrt(variance + epsilon) + beta = (s w) x + (beta - s mean),   s = gamma / sqrt(variance + epsilon)
   * @param kernel height and width
   */
  conv(
    name: string,
    x: Value,
    channels: number,
    kernel: readonly [number, number],
    { stride = 1, isPadded = true } = {},
  ): Value {
    const { g, weights } = this;
    const [height, width] = kernel;
    const shape = [channels, fixed(x.shape, 1), height, width];
    const [weight, bn] = [`${name}.conv.weight`, `${name}.bn`];
    weights.declare(weight, shape);
    for (const each of ["weight", "bias", "running_mean", "running_var"]) weights.declare(`${bn}.${each}`, [channels]);
    return g.layer(name, () => {
      const scaled = weights.folded(weight, shape, (tensor) => {
        const [gamma, variance] = [tensor(`${bn}.weight`), tensor(`${bn}.running_var`)];
        const values = tensor(weight).slice();
        const fanIn = values.length / channels;
        for (let channel = 0; channel < channels; channel++) {
          const scale = gamma[channel]! / Math.sqrt(variance[channel]! + epsilon);
          for (let i = channel * fanIn; i < (channel + 1) * fanIn; i++) values[i]! *= scale;
        }
        return values;
      });
      const shift = weights.folded(`${bn}.bias`, [1, channels, 1, 1], (tensor) => {
        const [gamma, variance] = [tensor(`${bn}.weight`), tensor(`${bn}.running_var`)];
        const mean = tensor(`${bn}.running_mean`);
        return tensor(`${bn}.bias`).map((beta, c) => beta - (mean[c]! * gamma[c]!) / Math.sqrt(variance[c]! + epsilon));
      });
      const [rows, columns] = isPadded ? [(height - 1) / 2, (width - 1) / 2] : [0, 0];
      const convolved = g.conv(x, scaled, { stride, pads: [rows, columns, rows, columns] });
      return this.record(name, g.relu(g.add(convolved, shift)));
    });
  }

  /** Largest of 3x3, every second one. */
  halve(name: string, x: Value): Value {
    return this.g.layer(name, () => this.record(name, this.g.maxPool(x, { kernel: 3, stride: 2, pads: [0, 0, 0, 0] })));
  }

  /** Mean or largest of 3x3 at every place; the border counts for neither. */
  smooth(name: string, x: Value, kind: "averagePool" | "maxPool"): Value {
    return this.g.layer(name, () => this.g[kind](x, { kernel: 3, stride: 1, pads: [1, 1, 1, 1] }));
  }
}
