/** @file The two gradients of a convolution of images [N,C,H,W]. Where training is fast is in rows.ts. */
import { operator } from "../operator.js";
import { countElements, fixed } from "../shape.js";
import type { Value } from "../value.js";
import type { Window } from "./products.js";

/**
 * Gradient of conv(x, w) at x, from that of its result: a transposed convolution. Rows and columns of x that no window reached
 * have gradient 0.
 *   dx[n,c,i,j] = sum over o, taps (r,s) with i = r + stride h - top, j = s + stride w - left of dy[n,o,h,w] w[o,c,r,s]
 */
export const convInput = operator<[Value, Value, Value], Window>({
  infer: ([, , x]) => x,
  forward: (emit, [dy, w], { inputs }, { stride, pads }) => {
    const [gradient, kernel, x] = inputs as [Value, Value, Value];
    const left = [2, 3].map((axis) => {
      const covered = (fixed(gradient.shape, axis) - 1) * stride + fixed(kernel.shape, axis);
      return fixed(x.shape, axis) - (covered - pads[axis - 2]! - pads[axis]!);
    });
    return emit.node("ConvTranspose", [dy!, w!], { strides: [stride, stride], pads, output_padding: left });
  },
  gradient: null, // nothing is differentiated twice through a convolution
  cost: ([dy, w]) => countElements(dy.shape) * countElements(w.shape.slice(1)),
});

/**
 * Gradient of conv(x, w) at w, from that of its result: x convolved with dy, samples in the place of channels, the stride
 * between the taps.
 *   dw[o,c,r,s] = sum over n, h, w of dy[n,o,h,w] x[n,c, r + stride h - top, s + stride w - left]
 */
export const convWeight = operator<[Value, Value, Value], Window>({
  infer: ([, , w]) => w,
  forward: (emit, [dy, x], { inputs }, { stride, pads }) => {
    const [, , w] = inputs as [Value, Value, Value];
    const [samples, taps] = [x!, dy!].map((name) => emit.node("Transpose", [name], { perm: [1, 0, 2, 3] }));
    const products = emit.node("Conv", [samples!, taps!], { dilations: [stride, stride], pads });
    const ends = emit.integers([fixed(w.shape, 2), fixed(w.shape, 3)]); // behind them lie rows that no window began at
    const kernel = emit.node("Slice", [products, emit.integers([0, 0]), ends, emit.integers([2, 3])]);
    return emit.node("Transpose", [kernel], { perm: [1, 0, 2, 3] });
  },
  gradient: null, // nothing is differentiated twice through a convolution
  cost: ([dy], { shape }) => countElements(dy.shape) * countElements(shape.slice(1)),
});
