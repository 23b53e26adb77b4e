/** @file Operators that look along an axis. */
import { concrete, padRows } from "../batch-invariance.js";
import type { Emitter } from "../emitter.js";
import { onnxTypes } from "../onnx.js";
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, type Shape, sameShape, show, withExtent } from "../shape.js";
import type { Value } from "../value.js";
import { sumTo } from "./broadcast.js";
import { standardized, standardizedGradient } from "./standardized.js";

/** Axes counted from the front, in range. */
function checkAxes(x: Value, axes: readonly number[]): void {
  if (axes.some((axis) => axis < 0 || axis >= x.shape.length)) {
    throw mismatch(`axes ${axes} lie outside ${show(x.shape)}`);
  }
}

/** Sum over axes, which stay with extent 1. */
export const sum = operator<[Value], { axes: readonly number[] }>({
  infer: ([x], { axes }) => {
    checkAxes(x, axes);
    return { type: x.type, shape: x.shape.map((extent, i) => (axes.includes(i) ? 1 : extent)) };
  },
  forward: (emit, [x], { inputs, type }, { axes }) => {
    const [shape, axis] = [inputs[0]!.shape, emit.integers(axes)];
    const isRows = shape.length === 2 && axes.length === 1 && axes[0] === 1;
    const rows = isRows ? padRows(emit, x!, fixed(shape, 1), emit.scalar(0, type)) : x!;
    return emit.node("ReduceSum", [rows, axis], { keepdims: 1 });
  },
  gradient: (g, [x], _, dy) => [g.expand(dy, x)],
  cost: ([x]) => countElements(x.shape),
});

/** log sum exp over one axis, which stays with extent 1. */
export const logSumExp = operator<[Value], { axis: number }>({
  infer: ([x], { axis }) => {
    checkAxes(x, [axis]);
    return { type: x.type, shape: withExtent(x.shape, axis, 1) };
  },
  forward: (emit, [x], _, { axis }) => emit.node("ReduceLogSumExp", [x!, emit.integers([axis])], { keepdims: 1 }),
  gradient: (g, [x], y, dy) => [g.mul(dy, g.exp(g.sub(x, y)))],
  cost: ([x]) => 3 * countElements(x.shape),
});

/** Softmax over the last axis. */
export const softmax = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, inputs) => emit.node("Softmax", inputs, { axis: -1 }),
  gradient: (g, _, y, dy) => {
    const along = g.sum(g.mul(dy, y), [y.shape.length - 1]);
    return [g.mul(y, g.sub(dy, along))];
  },
  cost: (_, { shape }) => 3 * countElements(shape),
});

/**
 * The sum over an axis that is not the last, as a product of a row of ones and one matrix an outer index: ReduceSum would sum
 * a single sample in another order than several.
 */
function sumOverAxis(emit: Emitter, x: string, shape: Shape, axis: number): string {
  const [extent, inner] = [fixed(shape, axis), countElements(shape.slice(axis + 1))];
  const ones = emit.bytes("float32", [1, extent], new Uint8Array(new Float32Array(extent).fill(1).buffer));
  const sums = emit.node("MatMul", [ones, emit.node("Reshape", [x, emit.integers([-1, extent, inner])])]);
  return emit.node("Reshape", [sums, emit.integers(concrete(withExtent(shape, axis, 1)))]);
}

/** x / (epsilon + rms of x over the axis): EDM2's normalize(x, dim) (numerics, section 2). Sums in float32. */
export const normalize = operator<[Value], { axis: number; epsilon: number }>({
  infer: ([x], { axis }) => {
    checkAxes(x, [axis]);
    return x;
  },
  forward: (emit, [x], { type, shape }, { axis, epsilon }) => {
    // Squares of float16 overflow from 256 on, so the sum must see float32.
    const wide = type === "float16" ? emit.node("Cast", [x!], { to: onnxTypes.float32 }) : x!;
    const squares = sumOverAxis(emit, emit.node("Mul", [wide, wide]), shape, axis);
    const mean = emit.node("Mul", [squares, emit.scalar(1 / fixed(shape, axis), "float32")]);
    const length = emit.node("Add", [emit.node("Sqrt", [mean]), emit.scalar(epsilon, "float32")]);
    const narrow = type === "float16" ? emit.node("Cast", [length], { to: onnxTypes.float16 }) : length;
    return emit.node("Div", [x!, narrow]);
  },
  gradient: (g, [x], y, dy, { axis, epsilon }) => {
    // y = x / l, l = epsilon + r, r = rms of x:   dx = (dy - y mean(dy y) l / r) / l, the mean over the axis
    const share = 1 / fixed(x.shape, axis);
    const rms = g.sqrt(g.scale(g.sum(g.mul(x, x), [axis]), share));
    const length = g.shift(rms, epsilon);
    const along = g.scale(g.sum(g.mul(dy, y), [axis]), share);
    return [g.div(g.sub(dy, g.mul(y, g.div(g.mul(along, length), rms))), length)];
  },
  cost: (_, { shape }) => 2 * countElements(shape),
});

/** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis; weight and bias [C]. */
export const layerNorm = operator<[Value, Value, Value], { epsilon: number }>({
  infer: ([x, weight, bias]) => {
    const expected = [x.shape.at(-1)!];
    if (!sameShape(weight.shape, expected) || !sameShape(bias.shape, expected))
      throw mismatch(`layerNorm of ${show(x.shape)} with weight ${show(weight.shape)} and bias ${show(bias.shape)}`);
    return x;
  },
  forward: (emit, inputs, _, { epsilon }) =>
    emit.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } }),
  gradient: (g, [x, weight, bias], _, dy, { epsilon }) => {
    const axis = x.shape.length - 1;
    const { normalized, deviation } = standardized(g, x, [axis], epsilon);
    return [
      standardizedGradient(g, normalized, deviation, g.mul(dy, weight), [axis]),
      sumTo(g, g.mul(dy, normalized), weight.shape),
      sumTo(g, dy, bias.shape),
    ];
  },
  cost: (_, { shape }) => 7 * countElements(shape),
});
