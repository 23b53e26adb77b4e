/** @file The way back from a broadcast. */
import type { Graph } from "../graph.js";
import { type Shape, sameShape } from "../shape.js";
import type { Value } from "../value.js";

/** The gradient of a value that was broadcast from `shape`: summed over the axes along which it was copied. */
export function sumTo(g: Graph, gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) => (axis < lead || shape[axis - lead] !== extent ? [axis] : []));
  const sums = g.sum(gradient, axes);
  return lead === 0 ? sums : g.reshape(sums, shape);
}
