/** @file Operators that move elements and compute nothing, or nearly. */
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, type Shape, sameShape, show, withExtent } from "../shape.js";
import type { Value } from "../value.js";
import { sumTo } from "./broadcast.js";

/** The product of the numbers, and the symbols: what a reshape must keep. */
function content(shape: Shape): string {
  const numbers = shape.filter((extent) => typeof extent === "number");
  const symbols = shape.filter((extent) => typeof extent === "string");
  return [numbers.reduce((a, b) => a * b, 1), ...symbols].join("*");
}

/** The same elements in another shape. At most one symbol, which stays. */
export const reshape = operator<[Value], { shape: Shape }>({
  infer: ([x], { shape }) => {
    if (content(x.shape) !== content(shape)) throw mismatch(`${show(x.shape)} cannot become ${show(shape)}`);
    return { type: x.type, shape };
  },
  forward: (emit, [x], _, { shape }) =>
    emit.node("Reshape", [x!, emit.integers(shape.map((extent) => (typeof extent === "number" ? extent : -1)))]),
  gradient: (g, [x], _, dy) => [g.reshape(dy, x.shape)],
  cost: () => 0,
});

/** Axes in another order: axis i of the result is axis order[i] of x. */
export const transpose = operator<[Value], { order: readonly number[] }>({
  infer: ([x], { order }) => {
    if (
      !sameShape(
        [...order].sort((a, b) => a - b),
        [...x.shape.keys()],
      )
    ) {
      throw mismatch(`[${order}] is no order of the axes of ${show(x.shape)}`);
    }
    return { type: x.type, shape: order.map((axis) => x.shape[axis]!) };
  },
  forward: (emit, inputs, _, { order }) => emit.node("Transpose", inputs, { perm: order }),
  gradient: (g, _, __, dy, { order }) => [
    g.transpose(
      dy,
      order.map((_axis, i) => order.indexOf(i)),
    ),
  ],
  cost: () => 0,
});

/** Elements start <= i < end along an axis. */
export const slice = operator<[Value], { axis: number; start: number; end: number }>({
  infer: ([x], { axis, start, end }) => {
    const extent = fixed(x.shape, axis);
    if (start < 0 || end > extent || start >= end)
      throw mismatch(`${start} to ${end} lies outside axis ${axis} of ${show(x.shape)}`);
    return { type: x.type, shape: withExtent(x.shape, axis, end - start) };
  },
  forward: (emit, [x], _, { axis, start, end }) =>
    emit.node("Slice", [x!, emit.integers([start]), emit.integers([end]), emit.integers([axis])]),
  gradient: (g, [x], _, dy, { axis, start, end }): Value[] => [
    g.apply("pad", [dy], { axis, before: start, after: fixed(x.shape, axis) - end, value: 0 }),
  ],
  cost: () => 0,
});

/** One after the other along an axis. */
export const concat = operator<Value[], { axis: number }>({
  infer: (inputs, { axis }) => {
    const [first, ...rest] = inputs;
    if (first === undefined) throw mismatch("concat takes at least one value");
    for (const x of rest) {
      if (x.type !== first.type || !sameShape(withExtent(x.shape, axis, 0), withExtent(first.shape, axis, 0))) {
        throw mismatch(`${first.type}${show(first.shape)} and ${x.type}${show(x.shape)} differ beside axis ${axis}`);
      }
    }
    const extent = inputs.reduce((total, x) => total + fixed(x.shape, axis), 0);
    return { type: first.type, shape: withExtent(first.shape, axis, extent) };
  },
  forward: (emit, inputs, _, { axis }) => emit.node("Concat", inputs, { axis }),
  gradient: (g, inputs, _, dy, { axis }) => {
    let start = 0;
    return inputs.map((x) => {
      const end = start + fixed(x.shape, axis);
      const share = g.slice(dy, axis, start, end);
      start = end;
      return share;
    });
  },
  cost: () => 0,
});

/** Copies along axes of extent 1, so that the shape becomes that of `like`. */
export const expand = operator<[Value, Value]>({
  infer: ([x, like]) => {
    const fits =
      x.shape.length === like.shape.length && x.shape.every((extent, i) => extent === 1 || extent === like.shape[i]);
    if (!fits) throw mismatch(`${show(x.shape)} does not expand to ${show(like.shape)}`);
    return { type: x.type, shape: like.shape };
  },
  forward: (emit, [x, like]) => emit.node("Expand", [x!, emit.node("Shape", [like!])]),
  gradient: (g, [x], _, dy): (Value | null)[] => [sumTo(g, dy, x.shape), null],
  cost: () => 0,
});

/** Halves height and width, each 2x2 square becoming its mean: EDM2's filter [1,1]. Counted as the 2x2 convolution of the definition. x [N,C,H,W], H and W even. */
export const downsample = operator<[Value]>({
  infer: ([x]) => {
    const [height, width] = [fixed(x.shape, 2), fixed(x.shape, 3)];
    if (height % 2 !== 0 || width % 2 !== 0)
      throw mismatch(`${show(x.shape)} has no half: height and width must be even`);
    return { type: x.type, shape: [x.shape[0]!, x.shape[1]!, height / 2, width / 2] };
  },
  forward: (emit, inputs) => emit.node("AveragePool", inputs, { kernel_shape: [2, 2], strides: [2, 2] }),
  gradient: (g, _, __, dy) => [g.scale(g.upsample(dy), 1 / 4)],
  cost: (_, { shape }) => 4 * countElements(shape),
});

/** Doubles height and width, each element becoming a 2x2 square. Counted as the 2x2 convolution of the definition. */
export const upsample = operator<[Value]>({
  infer: ([x]) => ({
    type: x.type,
    shape: [x.shape[0]!, x.shape[1]!, fixed(x.shape, 2) * 2, fixed(x.shape, 3) * 2],
  }),
  forward: (emit, [x]) => {
    const scales = emit.bytes("float32", [4], new Uint8Array(Float32Array.of(1, 1, 2, 2).buffer));
    return emit.node("Resize", [x!, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  },
  gradient: (g, _, __, dy) => [g.scale(g.downsample(dy), 4)],
  cost: (_, { shape }) => 4 * countElements(shape),
});

/** More elements before and after those of an axis, everywhere `value`. */
export const pad = operator<[Value], { axis: number; before: number; after: number; value: number }>({
  infer: ([x], { axis, before, after }) => ({
    type: x.type,
    shape: withExtent(x.shape, axis, before + fixed(x.shape, axis) + after),
  }),
  forward: (emit, [x], { type, shape }, { axis, before, after, value }) => {
    const pads = new Array<number>(2 * shape.length).fill(0);
    pads[axis] = before;
    pads[shape.length + axis] = after;
    return emit.node("Pad", [x!, emit.integers(pads), emit.scalar(value, type)]);
  },
  gradient: (g, [x], _, dy, { axis, before }) => [g.slice(dy, axis, before, before + fixed(x.shape, axis))],
  cost: () => 0,
});
