/** @file One value in, one value out, element by element. Shapes are kept or broadcast; the type is kept. */
import { onWholeVectors } from "../batch-invariance.js";
import type { Graph } from "../graph.js";
import { onnxTypes } from "../onnx.js";
import { type Gradient, type None, operator } from "../operator.js";
import { broadcast, countElements, mismatch } from "../shape.js";
import type { Value } from "../value.js";
import { sumTo } from "./broadcast.js";

/** Both must have one type: a silent cast would hide where precision is lost. */
function sameType(a: Value, b: Value): Value["type"] {
  if (a.type !== b.type) throw mismatch(`${a.type} and ${b.type} do not mix; cast one of them`);
  return a.type;
}

/** What each input gets of the gradient before its broadcast is undone. */
type Partials = (g: Graph, inputs: [Value, Value], output: Value, gradient: Value) => [Value, Value];

const binary = (opType: "Add" | "Sub" | "Mul" | "Div", partials: Partials) =>
  operator<[Value, Value]>({
    infer: ([a, b]) => ({ type: sameType(a, b), shape: broadcast(a.shape, b.shape) }),
    forward: (emit, inputs) => emit.node(opType, inputs),
    gradient: (g, inputs, y, dy) => partials(g, inputs, y, dy).map((share, i) => sumTo(g, share, inputs[i]!.shape)),
    cost: (_, { shape }) => countElements(shape),
  });

type Unary = "Sqrt" | "Log" | "Exp" | "Cos" | "Sin" | "Sigmoid" | "Erf";

const unary = (opType: Unary, gradient: Gradient<[Value], None>) =>
  operator<[Value]>({
    infer: ([x]) => x,
    forward: (emit, [x], value) => onWholeVectors(emit, x!, value, (padded) => emit.node(opType, [padded])),
    gradient,
    cost: (_, { shape }) => countElements(shape),
  });

export const add = binary("Add", (_, __, ___, dy) => [dy, dy]);
export const sub = binary("Sub", (g, _, __, dy) => [dy, g.scale(dy, -1)]);
export const mul = binary("Mul", (g, [a, b], _, dy) => [g.mul(dy, b), g.mul(dy, a)]);
/** d(a/b) = dy / b, and for b: -dy a / b² = -(dy / b) y. */
export const div = binary("Div", (g, [, b], y, dy) => {
  const da = g.div(dy, b);
  return [da, g.scale(g.mul(da, y), -1)];
});
export const sqrt = unary("Sqrt", (g, _, y, dy) => [g.scale(g.div(dy, y), 1 / 2)]);
export const log = unary("Log", (g, [x], _, dy) => [g.div(dy, x)]);
export const exp = unary("Exp", (g, _, y, dy) => [g.mul(dy, y)]);
export const cos = unary("Cos", (g, [x], _, dy) => [g.scale(g.mul(dy, g.sin(x)), -1)]);
export const sin = unary("Sin", (g, [x], _, dy) => [g.mul(dy, g.cos(x))]);
/** dy y (1 - y). */
export const sigmoid = unary("Sigmoid", (g, _, y, dy) => [g.mul(dy, g.sub(y, g.mul(y, y)))]);
/** 2/sqrt(pi) exp(-x²) dy. */
export const erf = unary("Erf", (g, [x], _, dy) => [
  g.scale(g.mul(dy, g.exp(g.scale(g.mul(x, x), -1))), 2 / Math.sqrt(Math.PI)),
]);

/** 1 where low <= x <= high, 0 elsewhere: where a clamp lets a gradient pass. Constant almost everywhere. */
export const within = operator<[Value], { low: number; high: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { low, high }) => {
    const above = emit.node("GreaterOrEqual", [x!, emit.scalar(low, type)]);
    const below = emit.node("LessOrEqual", [x!, emit.scalar(high, type)]);
    return emit.node("Cast", [emit.node("And", [above, below])], { to: onnxTypes[type] });
  },
  gradient: (_g, _inputs, _y, _dy) => [null],
  cost: (_, { shape }) => 3 * countElements(shape),
});

/** factor * x. Its own operator, so that a neighbour with constant weights can absorb the factor (see simplify.ts). */
export const scale = operator<[Value], { factor: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { factor }) => emit.node("Mul", [x!, emit.scalar(factor, type)]),
  gradient: (g, _, __, dy, { factor }) => [g.scale(dy, factor)],
  cost: (_, { shape }) => countElements(shape),
});

/** x + term. */
export const shift = operator<[Value], { term: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { term }) => emit.node("Add", [x!, emit.scalar(term, type)]),
  gradient: (_, __, ___, dy) => [dy],
  cost: (_, { shape }) => countElements(shape),
});

/** silu(x) = x sigmoid(x). QuickGelu with alpha 1 is the same in one pass over memory. */
export const silu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, inputs) => emit.node("QuickGelu", inputs, { alpha: { float: 1 } }, "com.microsoft"),
  gradient: (g, [x], y, dy) => {
    const s = g.sigmoid(x);
    return [g.mul(dy, g.add(s, g.sub(y, g.mul(s, y))))]; // s (1 + x (1 - s)) = s + y - s y
  },
  cost: (_, { shape }) => 3 * countElements(shape),
});

/** The smallest positive float32: from it on, an element is above 0. */
const SMALLEST = 2 ** -149;

/** max(x, 0). */
export const relu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, inputs) => emit.node("Relu", inputs),
  gradient: (g, [x], _, dy) => [g.mul(dy, g.within(x, SMALLEST, Number.POSITIVE_INFINITY))],
  cost: (_, { shape }) => countElements(shape),
});

/** x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, exact: the approximation by tanh is off by up to 5e-4. */
export const gelu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, [x], value) =>
    onWholeVectors(emit, x!, value, (padded) => emit.node("Gelu", [padded], {}, "com.microsoft")),
  gradient: (g, [x], _, dy) => {
    const density = g.scale(g.exp(g.scale(g.mul(x, x), -1 / 2)), 1 / Math.sqrt(2 * Math.PI));
    const distribution = g.shift(g.scale(g.erf(g.scale(x, Math.SQRT1_2)), 1 / 2), 1 / 2);
    return [g.mul(dy, g.add(distribution, g.mul(x, density)))]; // Phi(x) + x phi(x)
  },
  cost: (_, { shape }) => 4 * countElements(shape),
});

/** Clamps to [-limit, limit]. */
export const clip = operator<[Value], { limit: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { limit }) =>
    emit.node("Clip", [x!, emit.scalar(-limit, type), emit.scalar(limit, type)]),
  gradient: (g, [x], _, dy, { limit }) => [g.mul(dy, g.within(x, -limit, limit))],
  cost: (_, { shape }) => 2 * countElements(shape),
});

/** The same values in another type. */
export const cast = operator<[Value], { type: Value["type"] }>({
  infer: ([x], { type }) => ({ type, shape: x.shape }),
  forward: (emit, [x], _, { type }) => emit.node("Cast", [x!], { to: onnxTypes[type] }),
  gradient: (g, [x], _, dy) => [g.cast(dy, x.type)],
  cost: () => 0,
});
