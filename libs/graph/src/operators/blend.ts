/** @file Interpolation. */
import { operator } from "../operator.js";
import { countElements, mismatch, sameShape, show } from "../shape.js";
import type { Value } from "../value.js";

/** a + weight (b - a): the numerator of EDM2's MP-sum (eq. 88). Emitted as two products and a sum, whose factors neighbours absorb. */
export const lerp = operator<[Value, Value], { weight: number }>({
  infer: ([a, b]) => {
    if (a.type !== b.type || !sameShape(a.shape, b.shape))
      throw mismatch(`lerp of ${show(a.shape)} and ${show(b.shape)}`);
    return a;
  },
  forward: (emit, [a, b], { type }, { weight }) =>
    emit.node("Add", [
      emit.node("Mul", [a!, emit.scalar(1 - weight, type)]),
      emit.node("Mul", [b!, emit.scalar(weight, type)]),
    ]),
  gradient: (g, _, __, dy, { weight }) => [g.scale(dy, 1 - weight), g.scale(dy, weight)],
  cost: (_, { shape }) => 2 * countElements(shape),
});
