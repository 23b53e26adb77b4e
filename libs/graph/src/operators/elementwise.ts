/** @file One value in, one value out, element by element. Shapes are kept or broadcast; the type is kept. */
import { onWholeVectors } from "../batch-invariance.js";
import { onnxTypes } from "../onnx.js";
import { operator } from "../operator.js";
import { broadcast, countElements, mismatch } from "../shape.js";
import type { Value } from "../value.js";

/** Both must have one type: a silent cast would hide where precision is lost. */
function sameType(a: Value, b: Value): Value["type"] {
  if (a.type !== b.type) throw mismatch(`${a.type} and ${b.type} do not mix; cast one of them`);
  return a.type;
}

const binary = (opType: "Add" | "Sub" | "Mul" | "Div") =>
  operator<[Value, Value]>({
    infer: ([a, b]) => ({ type: sameType(a, b), shape: broadcast(a.shape, b.shape) }),
    forward: (emit, inputs) => emit.node(opType, inputs),
    gradient: null,
    cost: (_, { shape }) => countElements(shape),
  });

const unary = (opType: "Sqrt" | "Log" | "Exp" | "Cos" | "Sigmoid") =>
  operator<[Value]>({
    infer: ([x]) => x,
    forward: (emit, [x], value) => onWholeVectors(emit, x!, value, (padded) => emit.node(opType, [padded])),
    gradient: null,
    cost: (_, { shape }) => countElements(shape),
  });

export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const div = binary("Div");
export const sqrt = unary("Sqrt");
export const log = unary("Log");
export const exp = unary("Exp");
export const cos = unary("Cos");
export const sigmoid = unary("Sigmoid");

/** factor * x. Its own operator, so that a neighbour with constant weights can absorb the factor (see simplify.ts). */
export const scale = operator<[Value], { factor: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { factor }) => emit.node("Mul", [x!, emit.scalar(factor, type)]),
  gradient: null,
  cost: (_, { shape }) => countElements(shape),
});

/** x + term. */
export const shift = operator<[Value], { term: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { term }) => emit.node("Add", [x!, emit.scalar(term, type)]),
  gradient: null,
  cost: (_, { shape }) => countElements(shape),
});

/** silu(x) = x sigmoid(x). QuickGelu with alpha 1 is the same in one pass over memory. */
export const silu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, inputs) => emit.node("QuickGelu", inputs, { alpha: { float: 1 } }, "com.microsoft"),
  gradient: null,
  cost: (_, { shape }) => 3 * countElements(shape),
});

/** max(x, 0). */
export const relu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, inputs) => emit.node("Relu", inputs),
  gradient: null, // feature networks alone use it, and are never trained here
  cost: (_, { shape }) => countElements(shape),
});

/** x Phi(x) = x (1 + erf(x / sqrt 2)) / 2, exact: the approximation by tanh is off by up to 5e-4. */
export const gelu = operator<[Value]>({
  infer: ([x]) => x,
  forward: (emit, [x], value) =>
    onWholeVectors(emit, x!, value, (padded) => emit.node("Gelu", [padded], {}, "com.microsoft")),
  gradient: null, // feature networks alone use it, and are never trained here
  cost: (_, { shape }) => 4 * countElements(shape),
});

/** Clamps to [-limit, limit]. */
export const clip = operator<[Value], { limit: number }>({
  infer: ([x]) => x,
  forward: (emit, [x], { type }, { limit }) =>
    emit.node("Clip", [x!, emit.scalar(-limit, type), emit.scalar(limit, type)]),
  gradient: null,
  cost: (_, { shape }) => 2 * countElements(shape),
});

/** The same values in another type. */
export const cast = operator<[Value], { type: Value["type"] }>({
  infer: ([x], { type }) => ({ type, shape: x.shape }),
  forward: (emit, [x], _, { type }) => emit.node("Cast", [x!], { to: onnxTypes[type] }),
  gradient: null,
  cost: () => 0,
});
