/** @file Windows over an image that become one number: their largest, their mean. */
import { operator } from "../operator.js";
import { countElements, mismatch, show } from "../shape.js";
import type { Value } from "../value.js";
import { slidingExtents, type Window } from "./products.js";

/** A window that moves over an image. */
export interface Pooling extends Window {
  /** Extent along both axes. */
  readonly kernel: number;
}

/** x [N,C,H,W] -> [N,C,H',W'], H' as of a convolution. Every window must see the image: its border is no value. */
const pooling = (opType: "MaxPool" | "AveragePool") =>
  operator<[Value], Pooling>({
    infer: ([x], { kernel, ...window }) => {
      if (x.shape.length !== 4) throw mismatch(`pooling takes [N,C,H,W], not ${show(x.shape)}`);
      if (window.pads.some((pad) => pad >= kernel)) throw mismatch(`a window of ${kernel} lies wholly in its padding`);
      return { type: x.type, shape: [x.shape[0]!, x.shape[1]!, ...slidingExtents(x, [kernel, kernel], window)] };
    },
    forward: (emit, inputs, _, { kernel, stride, pads }) =>
      emit.node(opType, inputs, { kernel_shape: [kernel, kernel], strides: [stride, stride], pads }),
    gradient: null, // feature networks alone pool, and are never trained here
    cost: (_, { shape }, { kernel }) => kernel ** 2 * countElements(shape),
  });

/** The largest element of each window. */
export const maxPool = pooling("MaxPool");

/** The mean of each window's elements that lie in the image: at a border fewer than kernel². */
export const averagePool = pooling("AveragePool");
