/** @file What a network's graph asks of its weights: every tensor by state-dict name, shape and role. */
import type { ElementType, Graph, Value } from "@tandem/graph";

/** A tensor of the network. Weights are normalized rows; gains are trained scalars; buffers are stored, not trained. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: "weight" | "gain" | "buffer";
}

/** Where a graph parameter's values come from. */
export interface ParameterSource {
  /** State-dict name of the tensor. */
  readonly name: string;
  readonly role: "weight" | "buffer";
  /** State-dict name of the trained gain that multiplies it, if any. */
  readonly gain: string | null;
}

/** Declares a network's tensors in a graph, and lists them. */
export class Parameters {
  readonly specs: ParameterSpec[] = [];

  constructor(private readonly g: Graph) {}

  /**
   * The weight of an MP-Conv or MP-linear layer: normalize(w) gain / sqrt(fan-in) (numerics, section 2; eq. 47), row by row.
   * For inference it is a constant, folded once; the count charges what the reference's
   * does: norm and division of the forced normalization, the same again within the layer, and the product with the gain.
   * @param layer state-dict path without ".weight"
   * @param gain name of a trained scalar, or null for 1
   */
  weight(layer: string, shape: readonly number[], type: ElementType, gain: string | null = null): Value {
    const name = `${layer}.weight`;
    this.specs.push({ name, shape, role: "weight" });
    if (gain !== null) this.specs.push({ name: gain, shape: [], role: "gain" });
    return this.#declare(name, shape, type, { name, role: "weight", gain }, 5 * shape.reduce((a, b) => a * b, 1));
  }

  /** A stored table, used as it is; always float32. */
  buffer(name: string, shape: readonly number[]): Value {
    this.specs.push({ name, shape, role: "buffer" });
    return this.#declare(name, shape, "float32", { name, role: "buffer", gain: null }, 0);
  }

  /** A trained scalar that the graph uses by itself. */
  gain(name: string): Value {
    this.specs.push({ name, shape: [], role: "gain" });
    return this.#declare(name, [], "float32", { name, role: "buffer", gain: null }, 0);
  }

  #declare(name: string, shape: readonly number[], type: ElementType, source: ParameterSource, cost: number): Value {
    return this.g.parameter({ name, type, shape, source, factor: 1, cost });
  }
}
