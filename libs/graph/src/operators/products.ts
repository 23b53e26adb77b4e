/** @file Matrix products and convolutions: where the time goes. */
import { padChannels, productOfRows } from "../batch-invariance.js";
import type { Extent } from "../model.js";
import { operator } from "../operator.js";
import { broadcast, countElements, fixed, mismatch, show } from "../shape.js";
import type { Value } from "../value.js";
import { sumTo } from "./broadcast.js";

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
  gradient: (g, [x, w], _, dy) => [g.matmul(dy, w), g.matmul(dy, x, { transposeA: true })],
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
  gradient: (g, [a, b], _, dy, { transposeA, transposeB, alpha }) => {
    const da = transposeA
      ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : g.matmul(dy, b, { transposeB: !transposeB, alpha });
    const db = transposeB
      ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : g.matmul(a, dy, { transposeA: !transposeA, alpha });
    return [sumTo(g, da, a.shape), sumTo(g, db, b.shape)];
  },
  cost: ([a], { shape }, { transposeA }) => countElements(shape) * fixed(a.shape, transposeA ? -2 : -1),
});

/** How a convolution or a pooling window moves over the image. */
export interface Window {
  /** Step along both axes. */
  readonly stride: number;
  /** Rows and columns around the image: top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
}

/** Height and width that a window of the given extents leaves. @throws DomainError SHAPE_MISMATCH when it fits nowhere */
export function slidingExtents(
  x: Value,
  [height, width]: readonly [number, number],
  { stride, pads: [top, left, bottom, right] }: Window,
): [Extent, Extent] {
  const along = (axis: number, kernel: number, padding: number): Extent => {
    const extent = x.shape[axis]!;
    if (stride === 1 && padding === kernel - 1) return extent; // kept, whatever it is
    const room = fixed(x.shape, axis) + padding - kernel;
    if (room < 0) throw mismatch(`a window of ${height}x${width} does not fit into ${show(x.shape)}`);
    return Math.floor(room / stride) + 1;
  };
  return [along(2, height, top + bottom), along(3, width, left + right)];
}

/** Convolution: x [N,C,H,W], w [O,C,h,w] -> [N,O,H',W'] with H' = floor((H + top + bottom - h) / stride) + 1. Zero padding. */
export const conv = operator<[Value, Value], Window>({
  infer: ([x, w], window) => {
    if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1] || x.type !== w.type) {
      throw mismatch(
        `conv takes [N,C,H,W] and [O,C,h,w] of one type, not ${x.type}${show(x.shape)} and ${w.type}${show(w.shape)}`,
      );
    }
    const extents = slidingExtents(x, [fixed(w.shape, 2), fixed(w.shape, 3)], window);
    return { type: x.type, shape: [x.shape[0]!, w.shape[0]!, ...extents] };
  },
  forward: (emit, [x, w], { inputs }, { stride, pads }) => {
    const [, channels, height, width] = inputs[1]!.shape as [number, number, number, number];
    const attributes = { kernel_shape: [height, width], strides: [stride, stride], pads };
    const zero = () => emit.scalar(0, inputs[0]!.type);
    return emit.node(
      "Conv",
      [padChannels(emit, x!, channels, zero), padChannels(emit, w!, channels, zero)],
      attributes,
    );
  },
  gradient: (g, [x, w], _, dy, window) => [g.convInput(dy, w, x, window), g.convWeight(dy, x, w, window)],
  cost: ([, w], { shape }) => countElements(shape) * countElements(w.shape.slice(1)),
});

/** Pads that keep an image's extents under stride 1. @throws DomainError SHAPE_MISMATCH for kernels without a middle */
export function samePads({ shape }: Value): Window["pads"] {
  const [height, width] = [fixed(shape, -2), fixed(shape, -1)];
  if (height % 2 !== 1 || width % 2 !== 1) throw mismatch(`conv takes an odd kernel, not ${show(shape)}`);
  const [rows, columns] = [(height - 1) / 2, (width - 1) / 2];
  return [rows, columns, rows, columns];
}
