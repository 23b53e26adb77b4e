/** @file Matrix products and convolutions: where the time goes. */
import { padChannels, productOfRows } from "../batch-invariance.js";
import { operator } from "../operator.js";
import { broadcast, countElements, fixed, mismatch, show } from "../shape.js";
import type { Value } from "../value.js";

/** x wᵀ: x [M,K], w [O,K] -> [M,O]. */
export const linear = operator<[Value, Value]>({
  infer: ([x, w]) => {
    if (x.shape.length !== 2 || w.shape.length !== 2 || x.shape[1] !== w.shape[1] || x.type !== w.type) {
      throw mismatch(
        `linear takes [M,K] and [O,K] of one type, not ${x.type}${show(x.shape)} and ${w.type}${show(w.shape)}`,
      );
    }
    return { type: x.type, shape: [x.shape[0]!, w.shape[0]!] };
  },
  forward: (emit, [x, w]) => productOfRows(emit, x!, (rows) => emit.node("Gemm", [rows, w!], { transB: 1 })),
  gradient: null,
  cost: ([x], { shape }) => countElements(shape) * fixed(x.shape, 1),
});

/** alpha op(a) op(b) over the last two axes; op transposes when asked. */
export const matmul = operator<[Value, Value], { transposeA: boolean; transposeB: boolean; alpha: number }>({
  infer: ([a, b], { transposeA, transposeB }) => {
    const [rows, depth] = transposeA ? [-1, -2] : [-2, -1];
    const [depthB, columns] = transposeB ? [-1, -2] : [-2, -1];
    if (a.type !== b.type || a.shape.length < 2 || b.shape.length < 2 || a.shape.at(depth) !== b.shape.at(depthB)) {
      throw mismatch(`matmul of ${a.type}${show(a.shape)} and ${b.type}${show(b.shape)}: the inner extents differ`);
    }
    const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { type: a.type, shape: [...outer, a.shape.at(rows)!, b.shape.at(columns)!] };
  },
  forward: (emit, [a, b], { inputs, shape }, { transposeA, transposeB, alpha }) => {
    const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
    const multiply = (left: string) => emit.node("FusedMatMul", [left, b!], attributes, "com.microsoft");
    const rowsAreSamples = shape.length === 2 && !transposeA && typeof inputs[0]!.shape[0] === "string";
    return rowsAreSamples ? productOfRows(emit, a!, multiply) : multiply(a!);
  },
  gradient: null,
  cost: ([a], { shape }, { transposeA }) => countElements(shape) * fixed(a.shape, transposeA ? -2 : -1),
});

/** Convolution with stride 1 that keeps the extents: x [N,C,H,W], w [O,C,k,k], k odd -> [N,O,H,W]. Zero padding. */
export const conv = operator<[Value, Value]>({
  infer: ([x, w]) => {
    const kernel = w.shape[2];
    if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1] || x.type !== w.type) {
      throw mismatch(
        `conv takes [N,C,H,W] and [O,C,k,k] of one type, not ${x.type}${show(x.shape)} and ${w.type}${show(w.shape)}`,
      );
    }
    if (kernel !== w.shape[3] || typeof kernel !== "number" || kernel % 2 !== 1) {
      throw mismatch(`conv takes an odd, square kernel, not ${show(w.shape)}`);
    }
    return { type: x.type, shape: [x.shape[0]!, w.shape[0]!, x.shape[2]!, x.shape[3]!] };
  },
  forward: (emit, [x, w], { inputs }) => {
    const [, channels, kernel] = [0, 1, 2].map((axis) => fixed(inputs[1]!.shape, axis)) as [number, number, number];
    const border = (kernel - 1) / 2;
    const attributes = { kernel_shape: [kernel, kernel], pads: [border, border, border, border] };
    const zero = () => emit.scalar(0, inputs[0]!.type);
    return emit.node(
      "Conv",
      [padChannels(emit, x!, channels, zero), padChannels(emit, w!, channels, zero)],
      attributes,
    );
  },
  gradient: null,
  cost: ([, w], { shape }) => countElements(shape) * countElements(w.shape.slice(1)),
});
