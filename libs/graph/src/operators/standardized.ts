/** @file The way back through a normalization to mean 0 and variance 1. */
import type { Graph } from "../graph.js";
import { fixed } from "../shape.js";
import type { Value } from "../value.js";

/** n = (x - mean) s with s = 1 / sqrt(variance + epsilon), over the axes. */
export function standardized(g: Graph, x: Value, axes: readonly number[], epsilon: number) {
  const centred = g.sub(x, mean(g, x, axes));
  const deviation = g.sqrt(g.shift(mean(g, g.mul(centred, centred), axes), epsilon));
  return { normalized: g.div(centred, deviation), deviation };
}

/** dx = (dn - mean(dn) - n mean(dn n)) / deviation. */
export function standardizedGradient(g: Graph, n: Value, deviation: Value, dn: Value, axes: readonly number[]): Value {
  const along = g.mul(n, mean(g, g.mul(dn, n), axes));
  return g.div(g.sub(g.sub(dn, mean(g, dn, axes)), along), deviation);
}

const mean = (g: Graph, x: Value, axes: readonly number[]): Value =>
  g.scale(g.sum(x, axes), 1 / axes.reduce((count, axis) => count * fixed(x.shape, axis), 1));
