/** @file EDM2's pixel norm on rows, and the largest row: both look at sums of squares along the last axis. */
import type { Emitter } from "../emitter.js";
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, sameShape, show, withExtent } from "../shape.js";
import type { Value } from "../value.js";

const lastAxis = ({ shape }: Value) => shape.length - 1;

/** Sum of squares along the last axis, which stays with extent 1. */
export const rowSquares = operator<[Value]>({
  infer: ([x]) => ({ type: x.type, shape: withExtent(x.shape, lastAxis(x), 1) }),
  forward: (emit, [x], { inputs }) => emitSquares(emit, x!, inputs[0]!),
  gradient: (g, [x], _, dy) => [g.mul(g.scale(x, 2), dy)],
  cost: ([x]) => 2 * countElements(x.shape),
});

const emitSquares = (emit: Emitter, name: string, x: Value): string =>
  emit.node("ReduceSumSquare", [name, emit.integers([lastAxis(x)])], { keepdims: 1 });

/** Emits |x| and 1 / (epsilon + rms of x) of every row. */
function emitLengths(emit: Emitter, name: string, x: Value, epsilon: number): { length: string; inverse: string } {
  const length = emit.node("Sqrt", [emitSquares(emit, name, x)]);
  const scale = emit.scalar(1 / Math.sqrt(fixed(x.shape, lastAxis(x))), x.type);
  const shifted = emit.node("Add", [emit.node("Mul", [length, scale]), emit.scalar(epsilon, x.type)]);
  return { length, inverse: emit.node("Reciprocal", [shifted]) };
}

/**
 * x / (epsilon + rms of x over the last axis): EDM2's normalize(x, dim) where the axis lies innermost (numerics, section 2).
 *   forward   y = r x                               r = 1 / (epsilon + |x| / sqrt C)
 *   backward  dx = r dy - y (y . dy) / (|x| sqrt C)
 * For training, at a fixed batch: `normalize` is the one whose results do not depend on the batch.
 */
export const normalizeRows = operator<[Value], { epsilon: number }>({
  infer: ([x]) => x,
  forward: (emit, [name], { inputs }, { epsilon }) =>
    emit.node("Mul", [name!, emitLengths(emit, name!, inputs[0]!, epsilon).inverse]),
  gradient: (g, [x], y, dy, { epsilon }) => [g.normalizeRowsGradient(x, y, dy, epsilon)],
  cost: (_, { shape }) => 3 * countElements(shape),
});

/** `factor` times the gradient of normalizeRows at x, where it is y: a row's own two scalars take the factor. */
export const normalizeRowsGradient = operator<[Value, Value, Value], { epsilon: number; factor: number }>({
  infer: ([x, y, dy]) => {
    if (!sameShape(x.shape, y.shape) || !sameShape(x.shape, dy.shape))
      throw mismatch(`the gradient ${show(dy.shape)} is not that of ${show(x.shape)}`);
    return x;
  },
  forward: (emit, [name, y, dy], { inputs, type }, { epsilon, factor }) => {
    const x = inputs[0]!;
    const { length, inverse } = emitLengths(emit, name!, x, epsilon);
    const along = emit.node("ReduceSum", [emit.node("Mul", [y!, dy!]), emit.integers([lastAxis(x)])], { keepdims: 1 });
    const share = emit.node("Mul", [
      emit.node("Div", [along, length]),
      emit.scalar(factor / Math.sqrt(fixed(x.shape, lastAxis(x))), type),
    ]);
    const scaled = factor === 1 ? inverse : emit.node("Mul", [inverse, emit.scalar(factor, type)]);
    return emit.node("Sub", [emit.node("Mul", [dy!, scaled]), emit.node("Mul", [y!, share])]);
  },
  gradient: null,
  cost: (_, { shape }) => 5 * countElements(shape),
});

/** The largest element of all the inputs, as a scalar. Its gradient is not asked for. */
export const largest = operator<readonly Value[]>({
  infer: ([first]) => {
    if (first === undefined) throw mismatch("largest takes at least one value");
    return { type: first.type, shape: [] };
  },
  forward: (emit, inputs) =>
    emit.node(
      "Max",
      inputs.map((x) => emit.node("ReduceMax", [x], { keepdims: 0 })),
    ),
  gradient: null,
  cost: (inputs) => inputs.reduce((total, { shape }) => total + countElements(shape), 0),
});
