/** @file Drops what no output needs, and lets constant weights absorb constant factors. */
import { Graph } from "./graph.js";
import type { ParameterAttributes } from "./operators/leaves.js";
import type { Value } from "./value.js";

/**
 * Rewrites, each with the algebra that allows it (k, m constants; W a parameter; @ a product or convolution with W):
 *   lerp(a, b, t)      = (1-t) a + t b
 *   k (m x)            = (k m) x
 *   k (a + b)          = k a + k b         when a or b can take its factor without a node
 *   (k x) @ W          = x @ (k W)
 *   k (x @ W)          = x @ (k W)         when nothing else uses x @ W
 * The values differ from the unfolded ones by rounding only.
 */
export function simplify(graph: Graph): Graph {
  return new Simplifier(graph).run();
}

/** A value of the new graph times a factor that no node applies yet. */
interface Scaled {
  readonly value: Value;
  readonly factor: number;
}

class Simplifier {
  readonly #target = new Graph();
  readonly #copies = new Map<number, Scaled>();
  readonly #uses = new Map<number, number>();
  /** Values times factors that became nodes, so that two users share one. */
  readonly #products = new Map<string, Value>();

  constructor(private readonly source: Graph) {
    const pending = [...source.outputs.values()];
    for (const value of pending) this.#count(value);
    for (let value = pending.pop(); value; value = pending.pop()) {
      for (const input of value.inputs) {
        if (!this.#uses.has(input.id)) pending.push(input);
        this.#count(input);
      }
    }
  }

  run(): Graph {
    for (const value of this.source.values) {
      // Inputs stay even when nothing needs them: the model's face must not depend on a rewrite.
      if (this.#uses.has(value.id) && !this.#isDelayed(value)) this.#copies.set(value.id, this.#rewrite(value));
    }
    for (const [name, value] of this.source.outputs) this.#target.output(name, this.#exact(value));
    return this.#target;
  }

  #count(value: Value): void {
    this.#uses.set(value.id, (this.#uses.get(value.id) ?? 0) + 1);
  }

  /** Parameters, and products with them that one value alone uses, are copied when asked for: a factor may come with it. */
  #isDelayed(value: Value): boolean {
    return value.operator === "parameter" || (this.#uses.get(value.id) === 1 && hasParameter(value));
  }

  #rewrite(value: Value): Scaled {
    const { operator, inputs, attributes } = value;
    if (operator === "scale") {
      return this.#scaled(inputs[0]!, (attributes as { factor: number }).factor);
    }
    if (operator === "lerp") {
      const { weight } = attributes as { weight: number };
      return this.#weightedSum(value, 1 - weight, weight);
    }
    if (operator === "add" && inputs.some((input) => this.#absorbs(input) || this.#pendingFactor(input) !== 1))
      return this.#weightedSum(value, 1, 1);
    if (operator === "reshape" || operator === "slice" || operator === "transpose") {
      const { value: copy, factor } = this.#scaled(inputs[0]!, 1);
      return { value: this.#target.append(operator, [copy], attributes, value.layer), factor };
    }
    return { value: hasParameter(value) ? this.#product(value, 1) : this.#copy(value), factor: 1 };
  }

  /** a weightA + b weightB; the factor of `a`, which rarely can absorb it, costs a node. */
  #weightedSum({ inputs, layer }: Value, weightA: number, weightB: number): Scaled {
    const [a, b] = [this.#exact(inputs[0]!, weightA), this.#exact(inputs[1]!, weightB)];
    return { value: this.#target.append("add", [a, b], {}, layer), factor: 1 };
  }

  #absorbs(value: Value): boolean {
    return hasParameter(value) && !this.#copies.has(value.id) && this.#isDelayed(value);
  }

  #pendingFactor(value: Value): number {
    return this.#copies.get(value.id)?.factor ?? 1;
  }

  /** `factor` times a source value, the factor possibly still pending. */
  #scaled(value: Value, factor: number): Scaled {
    if (this.#absorbs(value)) return { value: this.#product(value, factor), factor: 1 };
    const copy = this.#copies.get(value.id) ?? this.#leaf(value);
    return { value: copy.value, factor: copy.factor * factor };
  }

  /** `factor` times a source value, as one value. */
  #exact(value: Value, factor = 1): Value {
    const scaled = this.#scaled(value, factor);
    if (scaled.factor === 1) return scaled.value;
    const key = `${scaled.value.id}*${scaled.factor}`;
    const known = this.#products.get(key);
    if (known !== undefined) return known;
    const product = this.#target.append("scale", [scaled.value], { factor: scaled.factor }, value.layer);
    this.#products.set(key, product);
    return product;
  }

  /** `factor` times the product of a value and a parameter: all factors move into the parameter. */
  #product(value: Value, factor: number): Value {
    const [x, w] = value.inputs as [Value, Value];
    const input = this.#scaled(x, 1);
    const attributes = w.attributes as ParameterAttributes;
    const weight = { ...attributes, factor: attributes.factor * factor * input.factor };
    const parameter = this.#target.append("parameter", [], weight, w.layer);
    return this.#target.append(value.operator, [input.value, parameter], value.attributes, value.layer);
  }

  #leaf(value: Value): Scaled {
    const copy = { value: this.#target.append(value.operator, [], value.attributes, value.layer), factor: 1 };
    this.#copies.set(value.id, copy);
    return copy;
  }

  #copy(value: Value): Value {
    const inputs = value.inputs.map((input) => this.#exact(input));
    return this.#target.append(value.operator, inputs, value.attributes, value.layer);
  }
}

const hasParameter = ({ operator, inputs }: Value): boolean =>
  (operator === "linear" || operator === "conv") && inputs[1]!.operator === "parameter";
