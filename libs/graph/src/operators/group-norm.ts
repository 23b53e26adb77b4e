/** @file Group normalization (arXiv 1803.08494): statistics over groups of channels and all places of an image. */
import { concrete } from "../batch-invariance.js";
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, sameShape, show } from "../shape.js";
import type { Value } from "../value.js";
import { sumTo } from "./broadcast.js";
import { standardized, standardizedGradient } from "./standardized.js";

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias: mean and variance over each group of channels of each sample; x
 * [N,C,H,W], weight and bias [1,C,1,1]. A group is what instance normalization calls a channel, which sums each one by itself:
 * a sample's result does not depend on its batch.
 */
export const groupNorm = operator<[Value, Value, Value], { groups: number; epsilon: number }>({
  infer: ([x, weight, bias], { groups }) => {
    const expected = [1, fixed(x.shape, 1), 1, 1];
    const isWhole = Number.isInteger(groups) && groups > 0 && fixed(x.shape, 1) % groups === 0;
    if (x.shape.length !== 4 || !isWhole || !sameShape(weight.shape, expected) || !sameShape(bias.shape, expected)) {
      const [image, factor, term] = [x, weight, bias].map(({ shape }) => show(shape));
      throw mismatch(`groupNorm of ${image} in ${groups} groups with weight ${factor} and bias ${term}`);
    }
    return x;
  },
  forward: (emit, [x, weight, bias], { shape }, { groups, epsilon }) => {
    const size = countElements(shape.slice(1)) / groups;
    const vector = (value: number) =>
      emit.bytes("float32", [groups], new Uint8Array(new Float32Array(groups).fill(value).buffer));
    const rows = emit.node("Reshape", [x!, emit.integers([-1, groups, size])]);
    const normalized = emit.node("InstanceNormalization", [rows, vector(1), vector(0)], {
      epsilon: { float: epsilon },
    });
    const image = emit.node("Reshape", [normalized, emit.integers(concrete(shape))]);
    return emit.node("Add", [emit.node("Mul", [image, weight!]), bias!]);
  },
  gradient: (g, [x, weight, bias], _, dy, { groups, epsilon }) => {
    const rows = [x.shape[0]!, groups, countElements(x.shape.slice(1)) / groups];
    const { normalized, deviation } = standardized(g, g.reshape(x, rows), [2], epsilon);
    const dn = g.reshape(g.mul(dy, weight), rows);
    return [
      g.reshape(standardizedGradient(g, normalized, deviation, dn, [2]), x.shape),
      sumTo(g, g.mul(dy, g.reshape(normalized, x.shape)), weight.shape),
      sumTo(g, dy, bias.shape),
    ];
  },
  cost: (_, { shape }) => 7 * countElements(shape),
});
