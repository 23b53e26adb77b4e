/**
 * @file Images as rows: [N*R*R, C], one row a pixel, channels innermost. Training keeps its activations so: a 3x3 convolution is
 * one gather of neighbours and one matrix product, and its two gradients share one gather of theirs. The batch is fixed.
 */
import type { Emitter } from "../emitter.js";
import type { Graph } from "../graph.js";
import { elementBytes } from "../onnx.js";
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, sameShape, show } from "../shape.js";
import type { Value } from "../value.js";
import { emitProduct } from "./gemm.js";

/** Taps of a 3x3 kernel. */
const TAPS = 9;

/** Rows of whole images. @throws DomainError SHAPE_MISMATCH */
function rowsOf(x: Value, side: number): readonly [rows: number, channels: number] {
  const [rows, channels] = [fixed(x.shape, 0), fixed(x.shape, 1)];
  if (x.shape.length !== 2 || rows % (side * side) !== 0)
    throw mismatch(`${show(x.shape)} is not rows of images of ${side}x${side} pixels`);
  return [rows, channels];
}

/** A gather along axis 0; the index has the shape of `extents`. */
function gather(emit: Emitter, x: string, key: string, extents: readonly number[], make: () => BigInt64Array): string {
  const index = emit.table(key, "int64", extents, () => new Uint8Array(make().buffer));
  return emit.node("Gather", [x, index], { axis: 0 });
}

/** For every pixel the rows of its 3x3 neighbours, left to right and top to bottom, mirrored when asked; `rows` is the row of zeros. */
function neighbourTable(rows: number, side: number, isMirrored: boolean): BigInt64Array {
  const result = new BigInt64Array(rows * TAPS);
  const sign = isMirrored ? -1 : 1;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const [y, x] = [Math.floor(row / side) % side, row % side];
    for (let tap = 0; tap < TAPS; tap++) {
      const [dy, dx] = [sign * (Math.floor(tap / 3) - 1), sign * ((tap % 3) - 1)];
      const isInside = y + dy >= 0 && y + dy < side && x + dx >= 0 && x + dx < side;
      result[at++] = BigInt(isInside ? row + dy * side + dx : rows);
    }
  }
  return result;
}

/** Row of the pixel that covers each pixel of an image twice as large. */
function doubleTable(rows: number, side: number): BigInt64Array {
  const large = 2 * side;
  return BigInt64Array.from({ length: 4 * rows }, (_, row) => {
    const [image, y, x] = [Math.floor(row / (large * large)), Math.floor(row / large) % large, row % large];
    return BigInt((image * side + (y >> 1)) * side + (x >> 1));
  });
}

/** Emits the neighbourhoods of rows as one matrix [M, 9 C]. */
function emitNeighbours(emit: Emitter, name: string, x: Value, side: number, isMirrored: boolean): string {
  const [rows, channels] = rowsOf(x, side);
  const zeros = emit.bytes(x.type, [1, channels], new Uint8Array(channels * elementBytes[x.type]));
  const padded = emit.node("Concat", [name, zeros], { axis: 0 });
  const around = gather(emit, padded, `neighbours ${rows},${side},${isMirrored}`, [rows, TAPS], () =>
    neighbourTable(rows, side, isMirrored),
  );
  return emit.node("Reshape", [around, emit.integers([rows, TAPS * channels])]);
}

/**
 * Every pixel's 3x3 neighbourhood as one row: x [N*R*R, C] -> [N*R*R, 9 C], taps outermost, zeros outside the image. Mirrored,
 * tap (i, j) is the neighbour at (-i, -j): what a gradient gathers.
 *   backward  dx[m] = sum over taps of dy[m - tap, tap]: the same neighbours mirrored, each with its own tap
 */
export const neighbours = operator<[Value], { side: number; isMirrored: boolean }>({
  infer: ([x], { side }) => {
    const [rows, channels] = rowsOf(x, side);
    return { type: x.type, shape: [rows, TAPS * channels] };
  },
  forward: (emit, [name], { inputs }, { side, isMirrored }) =>
    emitNeighbours(emit, name!, inputs[0]!, side, isMirrored),
  gradient: (g, [x], _, dy, { side, isMirrored }) => {
    const channels = fixed(x.shape, 1);
    const part = (of: Value, tap: number) => g.slice(of, 1, tap * channels, (tap + 1) * channels);
    const parts = Array.from({ length: TAPS }, (_, tap) => part(g.neighbours(part(dy, tap), side, !isMirrored), tap));
    return [parts.reduce((sum, each) => g.add(sum, each))];
  },
  cost: () => 0,
});

/**
 * 3x3 convolution of rows, and a sum: alpha conv(x, w) + beta c. x [N*R*R, C]; w [9 O, C], taps outermost; `rows` [O, 9 C] is
 * the same weight, as the forward product takes it; c [N*R*R, O] may be absent.
 *   forward   y = alpha neighbours(x) rowsᵀ + beta c
 *   backward  D = mirrored neighbours of dy, gathered once:   dx = alpha D w     dw = alpha Dᵀ x     dc = beta dy
 * The gradient goes to w; `rows` follows from it and has none.
 */
export const rowConv = operator<readonly Value[], { side: number; alpha: number; beta: number }>({
  infer: ([x, w, rows, c], { side }) => {
    const [pixels, channels] = rowsOf(x!, side);
    const outputs = fixed(w!.shape, 0) / TAPS;
    const fits = w!.shape[1] === channels && sameShape(rows!.shape, [outputs, TAPS * channels]);
    if (!fits || w!.type !== x!.type || rows!.type !== x!.type)
      throw mismatch(`rowConv of ${show(x!.shape)} with ${show(w!.shape)} and ${show(rows!.shape)}`);
    if (c && !sameShape(c.shape, [pixels, outputs]))
      throw mismatch(`rowConv adds ${show(c.shape)} to [${pixels},${outputs}]`);
    return { type: x!.type, shape: [pixels, outputs] };
  },
  forward: (emit, [x, _, rows, c], { inputs }, { side, alpha, beta }) =>
    emitProduct(emit, [emitNeighbours(emit, x!, inputs[0]!, side, false), rows!], c, {
      transposeA: false,
      transposeB: true,
      alpha,
      beta,
    }),
  gradient: (g, [x, w, _, c], __, dy, { side, alpha, beta }): (Value | null)[] => {
    const dx = g.matmul(g.neighbours(dy, side, true), w!, { alpha });
    return [dx, weightGradient(g, x!, dy, { side, alpha }), null, ...(c ? [g.scale(dy, beta)] : [])];
  },
  cost: ([x], { shape }) => countElements(shape) * TAPS * fixed(x!.shape, 1),
});

/**
 * dw [9 O, C]. With few channels (the image itself) the neighbours of x are the narrower matrix, and are at hand: then
 * dw = alpha dyᵀ neighbours(x), regrouped.
 */
function weightGradient(g: Graph, x: Value, dy: Value, { side, alpha }: { side: number; alpha: number }): Value {
  const [channels, outputs] = [fixed(x.shape, 1), fixed(dy.shape, 1)];
  if (4 * channels >= outputs) return g.matmul(g.neighbours(dy, side, true), x, { transposeA: true, alpha });
  const byOutput = g.matmul(dy, g.neighbours(x, side, false), { transposeA: true, alpha });
  return tapsOutermost(g, byOutput);
}

/** [O, 9 C] -> [9 O, C]. */
function tapsOutermost(g: Graph, rows: Value): Value {
  const [outputs, channels] = [fixed(rows.shape, 0), fixed(rows.shape, 1) / TAPS];
  const split = g.transpose(g.reshape(rows, [outputs, TAPS, channels]), [1, 0, 2]);
  return g.reshape(split, [TAPS * outputs, channels]);
}

/** Emits the mean of neighbouring pairs along the middle axis: [A, 2, B] -> [A, B]. */
function meanOfPairs(emit: Emitter, x: string, outer: number, inner: number): string {
  const pairs = emit.node("Reshape", [x, emit.integers([outer, 2, inner])]);
  return emit.node("ReduceMean", [pairs, emit.integers([1])], { keepdims: 0 });
}

/** Halves the side of images, each 2x2 square becoming its mean: EDM2's filter [1,1]. [N*R*R, C] -> [N*R*R/4, C]. */
export const halveRows = operator<[Value], { side: number }>({
  infer: ([x], { side }) => {
    const [rows, channels] = rowsOf(x, side);
    if (side % 2 !== 0) throw mismatch(`images of ${side}x${side} pixels have no half: the side must be even`);
    return { type: x.type, shape: [rows / 4, channels] };
  },
  forward: (emit, [x], { inputs }, { side }) => {
    const [rows, channels] = rowsOf(inputs[0]!, side);
    const lines = meanOfPairs(emit, x!, rows / side / 2, side * channels);
    return meanOfPairs(emit, lines, rows / 4, channels);
  },
  gradient: (g, _, __, dy, { side }) => [g.scale(g.doubleRows(dy, side / 2), 1 / 4)],
  cost: (_, { shape }) => 4 * countElements(shape),
});

/** Doubles the side of images, each pixel becoming a 2x2 square. [N*R*R, C] -> [4 N*R*R, C]. */
export const doubleRows = operator<[Value], { side: number }>({
  infer: ([x], { side }) => {
    const [rows, channels] = rowsOf(x, side);
    return { type: x.type, shape: [4 * rows, channels] };
  },
  forward: (emit, [x], { inputs }, { side }) => {
    const [rows] = rowsOf(inputs[0]!, side);
    return gather(emit, x!, `double ${rows},${side}`, [4 * rows], () => doubleTable(rows, side));
  },
  gradient: (g, _, __, dy, { side }) => [g.scale(g.halveRows(dy, 2 * side), 4)],
  cost: (_, { shape }) => 4 * countElements(shape),
});
