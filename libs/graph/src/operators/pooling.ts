/** @file Windows over an image that become one number: their largest, their mean. */
import type { Graph } from "../graph.js";
import { type Gradient, operator } from "../operator.js";
import { countElements, fixed, mismatch, show } from "../shape.js";
import type { Value } from "../value.js";
import { slidingExtents, type Window } from "./products.js";

/** A window that moves over an image. */
export interface Pooling extends Window {
  /** Extent along both axes. */
  readonly kernel: number;
}

/** x [N,C,H,W] -> [N,C,H',W'], H' as of a convolution. Every window must see the image: its border is no value. */
const pooling = (opType: "MaxPool" | "AveragePool", gradient: Gradient<[Value], Pooling>) =>
  operator<[Value], Pooling>({
    infer: ([x], { kernel, ...window }) => {
      if (x.shape.length !== 4) throw mismatch(`pooling takes [N,C,H,W], not ${show(x.shape)}`);
      if (window.pads.some((pad) => pad >= kernel)) throw mismatch(`a window of ${kernel} lies wholly in its padding`);
      return { type: x.type, shape: [x.shape[0]!, x.shape[1]!, ...slidingExtents(x, [kernel, kernel], window)] };
    },
    forward: (emit, inputs, _, { kernel, stride, pads }) =>
      emit.node(opType, inputs, { kernel_shape: [kernel, kernel], strides: [stride, stride], pads }),
    gradient,
    cost: (_, { shape }, { kernel }) => kernel ** 2 * countElements(shape),
  });

/**
 * The largest element of each window.
 *   backward  dx = sum over taps of Sᵀ (dy [S x = y])    S x: the elements that windows see at a tap
 * Of several largest elements of a window each gets its gradient.
 */
export const maxPool = pooling("MaxPool", (g, [x], y, dy, window) => {
  const [pixels, places] = [asRows(g, x), asRows(g, y)];
  const parts = taps(x, y, window).map((seen) => {
    const tap = g.constant(seen, [places.shape[2] as number, pixels.shape[2] as number]);
    const isLargest = g.within(g.sub(g.matmul(pixels, tap, { transposeB: true }), places), 0, 0);
    return g.matmul(g.mul(asRows(g, dy), isLargest), tap);
  });
  return [
    g.reshape(
      parts.reduce((sum, part) => g.add(sum, part)),
      x.shape,
    ),
  ];
});

/** The mean of each window's elements that lie in the image: at a border fewer than kernel². Linear: its gradient is its transpose. */
export const averagePool = pooling("AveragePool", (g, [x], y, dy, window) => {
  const seen = taps(x, y, window);
  const [places, pixels] = [area(y), area(x)];
  const means = new Float32Array(places * pixels);
  for (let place = 0; place < places; place++) {
    const row = (values: Float32Array) => values.subarray(place * pixels, (place + 1) * pixels);
    const count = seen.reduce((sum, tap) => sum + row(tap).reduce((a, b) => a + b, 0), 0);
    for (const tap of seen) for (const [i, value] of row(tap).entries()) row(means)[i]! += value / count;
  }
  return [g.reshape(g.matmul(asRows(g, dy), g.constant(means, [places, pixels])), x.shape)];
});

const area = (x: Value): number => fixed(x.shape, 2) * fixed(x.shape, 3);
const asRows = (g: Graph, x: Value): Value => g.reshape(x, [x.shape[0]!, x.shape[1]!, area(x)]);

/** For every tap of a window the matrix [H'W', HW] that says which element each window sees there; nothing in the padding. */
function taps(x: Value, y: Value, { kernel, stride, pads: [top, left] }: Pooling): Float32Array[] {
  const [height, width] = [fixed(x.shape, 2), fixed(x.shape, 3)];
  const columns = fixed(y.shape, 3);
  return Array.from({ length: kernel ** 2 }, (_, tap) => {
    const matrix = new Float32Array(area(y) * area(x));
    for (let place = 0; place < area(y); place++) {
      const row = Math.floor(place / columns) * stride - top + Math.floor(tap / kernel);
      const column = (place % columns) * stride - left + (tap % kernel);
      const isInside = row >= 0 && column >= 0 && row < height && column < width;
      if (isInside) matrix[place * area(x) + row * width + column] = 1;
    }
    return matrix;
  });
}
