/** @file Reverse-mode differentiation: one walk back over a graph by the rules of its operators. */
import { DomainError } from "@tandem/errors";
import { type Graph, ruleOf } from "./graph.js";
import { elementBytes } from "./onnx.js";
import { sameShape, show } from "./shape.js";
import type { Value } from "./value.js";

/**
 * Gradients of the sum of all elements of `of`, times `seed` where it is given, appended to the same graph: they can be
 * differentiated again. What no gradient asked for needs is not computed.
 * @param of   a value of any shape
 * @param wrt  values that `of` depends on
 * @param seed gradient of the whole with respect to `of`; its shape
 * @returns one gradient for each of `wrt`, of its shape
 * @throws DomainError NOT_SUPPORTED naming an operator without a gradient; FIELD_INVALID when `of` does not depend on one of
 *   `wrt`; SHAPE_MISMATCH naming layer and operator for a rule that errs
 */
export function gradients(g: Graph, of: Value, wrt: readonly Value[], seed: Value = ones(g, of)): Value[] {
  if (!sameShape(seed.shape, of.shape))
    throw new DomainError("SHAPE_MISMATCH", `the seed is ${show(seed.shape)}, for a value of ${show(of.shape)}`);
  const dependent = dependents(g, of, wrt);
  const found = new Map<number, Value>([[of.id, seed]]);
  for (let id = of.id; id >= 0; id--) {
    const [value, gradient] = [g.values[id]!, found.get(id)];
    if (gradient === undefined || !value.inputs.some((input) => dependent.has(input.id))) continue;
    for (const [input, share] of shares(g, value, gradient)) {
      if (!dependent.has(input.id) || share === null) continue;
      if (!sameShape(share.shape, input.shape) || share.type !== input.type)
        throw new DomainError(
          "SHAPE_MISMATCH",
          `${value.layer || "graph"}: ${value.operator}: its gradient is ${show(share.shape)}, of an input ${show(input.shape)}`,
        );
      const before = found.get(input.id);
      found.set(input.id, before ? g.layer(value.layer, () => g.add(before, share)) : share);
    }
  }
  return wrt.map((value) => {
    const gradient = found.get(value.id);
    if (gradient) return gradient;
    throw new DomainError(
      "FIELD_INVALID",
      `no gradient: ${of.operator} does not depend on value ${value.id} (${value.operator})`,
    );
  });
}

/** Values up to `of` that depend on one of `wrt`, or are one. */
function dependents(g: Graph, of: Value, wrt: readonly Value[]): ReadonlySet<number> {
  const result = new Set(wrt.map(({ id }) => id));
  for (const { id, inputs } of g.values.slice(0, of.id + 1))
    if (inputs.some((input) => result.has(input.id))) result.add(id);
  return result;
}

/** Every input of a value with the share of the gradient that comes by this way. */
function shares(g: Graph, value: Value, gradient: Value): [Value, Value | null][] {
  const { gradient: rule } = ruleOf(value.operator);
  if (!rule) throw new DomainError("NOT_SUPPORTED", `${value.layer || "graph"}: ${value.operator} has no gradient`);
  const found = g.layer(value.layer, () => rule(g, value.inputs, value, gradient, value.attributes));
  return value.inputs.map((input, i) => [input, found[i] ?? null]);
}

/** Ones of a value's shape. */
function ones(g: Graph, like: Value): Value {
  const bytes = new Uint8Array(elementBytes[like.type] === 2 ? Float16Array.of(1).buffer : Float32Array.of(1).buffer);
  const one = g.apply("constant", [], { type: like.type, shape: like.shape.map(() => 1), bytes });
  return like.shape.length === 0 ? one : g.expand(one, like);
}
