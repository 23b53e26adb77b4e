/** @file For tests: every operator with its definition as arithmetic. A table: one row an operator, as long as there are operators. */
import { type Graph, type OperatorName, type Value } from "../index.js";

/** An operator applied once, and its definition written out. */
export interface Case {
  /** Shapes of the inputs; the first extent is fed as the batch. */
  readonly inputs: readonly (readonly number[])[];
  /** Where an operator takes numbers alone, the batch included. */
  readonly isFixed?: boolean;
  readonly build: (g: Graph, inputs: readonly Value[]) => Value;
  readonly shape: readonly number[];
  /** Element i of the result, from the inputs' elements. */
  readonly element: (inputs: readonly Float64Array[], i: number) => number;
  /** Half of the step of finite differences, where a rounding or a jump needs a large one. */
  readonly step?: number;
}

const elementwise = (build: Case["build"], apply: (...x: number[]) => number, count = 1): Case => ({
  inputs: Array.from({ length: count }, () => [2, 3]),
  build,
  shape: [2, 3],
  element: (inputs, i) => apply(...inputs.map((x) => x[i]!)),
});

const softmaxOf = (row: readonly number[], i: number) => {
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
  return Math.exp(row[i]!) / total;
};
const rows = (x: Float64Array, width: number, row: number) => Array.from(x.subarray(row * width, (row + 1) * width));

/** erf by its Maclaurin series: exact to rounding where |x| stays small. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** What a 3x3 window of stride 2 and padding 1 sees of a 3x3 image: the 2x2 square in its i-th corner. */
function windowAt(x: Float64Array, i: number): number[] {
  const [image, row, column] = [Math.floor(i / 4), Math.floor(i / 2) % 2, i % 2];
  return [0, 1, 3, 4].map((offset) => x[image * 9 + row * 3 + column + offset]!);
}

/** Pixel of a 2x2 image that lies where tap `tap` of a 3x3 kernel looks from pixel `row`; undefined outside. */
function neighbour(row: number, tap: number): number | undefined {
  const [y, x] = [(row >> 1) + Math.floor(tap / 3) - 1, (row & 1) + (tap % 3) - 1];
  return y < 0 || x < 0 || y > 1 || x > 1 ? undefined : 2 * y + x;
}

/** One case an operator at least; a new operator without one does not compile. Leaves are used by all the others. */
export const cases: Record<Exclude<OperatorName, "input" | "constant" | "parameter">, Case> = {
  add: elementwise(
    (g, [a, b]) => g.add(a!, b!),
    (a, b) => a! + b!,
    2,
  ),
  sub: elementwise(
    (g, [a, b]) => g.sub(a!, b!),
    (a, b) => a! - b!,
    2,
  ),
  mul: elementwise(
    (g, [a, b]) => g.mul(a!, b!),
    (a, b) => a! * b!,
    2,
  ),
  div: elementwise(
    (g, [a, b]) => g.div(a!, b!),
    (a, b) => a! / b!,
    2,
  ),
  sqrt: elementwise(
    (g, [x]) => g.sqrt(g.mul(x!, x!)),
    (x) => Math.abs(x!),
  ),
  log: elementwise(
    (g, [x]) => g.log(g.mul(x!, x!)),
    (x) => Math.log(x! * x!),
  ),
  exp: elementwise(
    (g, [x]) => g.exp(x!),
    (x) => Math.exp(x!),
  ),
  cos: elementwise(
    (g, [x]) => g.cos(x!),
    (x) => Math.cos(x!),
  ),
  sigmoid: elementwise(
    (g, [x]) => g.sigmoid(x!),
    (x) => 1 / (1 + Math.exp(-x!)),
  ),
  silu: elementwise(
    (g, [x]) => g.silu(x!),
    (x) => x! / (1 + Math.exp(-x!)),
  ),
  relu: elementwise(
    (g, [x]) => g.relu(x!),
    (x) => Math.max(x!, 0),
  ),
  gelu: elementwise(
    (g, [x]) => g.gelu(x!),
    (x) => (x! * (1 + erf(x! / Math.SQRT2))) / 2,
  ),
  scale: elementwise(
    (g, [x]) => g.scale(x!, 3),
    (x) => 3 * x!,
  ),
  shift: elementwise(
    (g, [x]) => g.shift(x!, 3),
    (x) => x! + 3,
  ),
  clip: elementwise(
    (g, [x]) => g.clip(x!, 0.5),
    (x) => Math.max(-0.5, Math.min(0.5, x!)),
  ),
  sin: elementwise(
    (g, [x]) => g.sin(x!),
    (x) => Math.sin(x!),
  ),
  erf: elementwise(
    (g, [x]) => g.erf(x!),
    (x) => erf(x!),
  ),
  within: elementwise(
    (g, [x]) => g.within(x!, -1, 2),
    (x) => Number(x! >= -1 && x! <= 2),
  ),
  cast: {
    ...elementwise(
      (g, [x]) => g.cast(g.cast(x!, "float16"), "float32"),
      (x) => Math.f16round(x!),
    ),
    step: 0.25,
  },
  lerp: elementwise(
    (g, [a, b]) => g.lerp(a!, b!, 0.3),
    (a, b) => 0.7 * a! + 0.3 * b!,
    2,
  ),
  linear: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.linear(x!, g.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])),
    shape: [2, 2],
    element: ([x], i) => [0, 1, 2].reduce((sum, k) => sum + rows(x!, 3, i >> 1)[k]! * ((i % 2) * 3 + k + 1), 0),
  },
  matmul: {
    inputs: [[2, 3, 2]],
    build: (g, [x]) => g.matmul(x!, x!, { transposeB: true, alpha: 2 }),
    shape: [2, 3, 3],
    element: ([x], i) => {
      const [n, r, c] = [Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3];
      return 2 * [0, 1].reduce((sum, k) => sum + x![n * 6 + r * 2 + k]! * x![n * 6 + c * 2 + k]!, 0);
    },
  },
  conv: {
    inputs: [[2, 1, 2, 2]],
    build: (g, [x]) => g.conv(x!, g.constant(Float32Array.of(0, 0, 0, 0, 1, 10, 0, 0, 0), [1, 1, 3, 3])),
    shape: [2, 1, 2, 2],
    element: ([x], i) => x![i]! + (i % 2 === 0 ? 10 * x![i + 1]! : 0),
  },
  convInput: {
    inputs: [
      [2, 1, 2, 2],
      [2, 1, 4, 4],
    ],
    build: (g, [dy, x]) => {
      const w = g.constant(Float32Array.of(1, 2, 4, 8), [1, 1, 2, 2]);
      return g.convInput(dy!, w, x!, { stride: 2, pads: [0, 0, 0, 0] });
    },
    shape: [2, 1, 4, 4],
    element: ([dy], i) => {
      const [row, column] = [Math.floor(i / 4) % 4, i % 4];
      return dy![4 * Math.floor(i / 16) + 2 * (row >> 1) + (column >> 1)]! * 2 ** (2 * (row % 2) + (column % 2));
    },
  },
  convWeight: {
    inputs: [
      [2, 1, 1, 1],
      [2, 1, 2, 2],
    ],
    isFixed: true,
    build: (g, [dy, x]) =>
      g.convWeight(dy!, x!, g.constant(new Float32Array(4), [1, 1, 2, 2]), { stride: 1, pads: [0, 0, 0, 0] }),
    shape: [1, 1, 2, 2],
    element: ([dy, x], i) => dy![0]! * x![i]! + dy![1]! * x![4 + i]!,
  },
  maxPool: {
    inputs: [[2, 1, 3, 3]],
    build: (g, [x]) => g.maxPool(x!, { kernel: 3, stride: 2, pads: [1, 1, 1, 1] }),
    shape: [2, 1, 2, 2],
    element: ([x], i) => Math.max(...windowAt(x!, i)),
  },
  averagePool: {
    inputs: [[2, 1, 3, 3]],
    build: (g, [x]) => g.averagePool(x!, { kernel: 3, stride: 2, pads: [1, 1, 1, 1] }),
    shape: [2, 1, 2, 2],
    element: ([x], i) => windowAt(x!, i).reduce((a, b) => a + b, 0) / 4, // not 9: the padding is no part of the mean
  },
  sum: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.sum(x!, [1]),
    shape: [2, 1],
    element: ([x], i) => rows(x!, 3, i).reduce((a, b) => a + b, 0),
  },
  logSumExp: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.logSumExp(x!, 1),
    shape: [2, 1],
    element: ([x], i) => Math.log(rows(x!, 3, i).reduce((sum, v) => sum + Math.exp(v), 0)),
  },
  softmax: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.softmax(x!),
    shape: [2, 3],
    element: ([x], i) => softmaxOf(rows(x!, 3, Math.floor(i / 3)), i % 3),
  },
  normalize: {
    inputs: [[2, 3, 2]],
    build: (g, [x]) => g.normalize(x!, 1, 0.1),
    shape: [2, 3, 2],
    element: ([x], i) => {
      const column = [0, 1, 2].map((k) => x![Math.floor(i / 6) * 6 + k * 2 + (i % 2)]!);
      return x![i]! / (0.1 + Math.sqrt(column.reduce((sum, v) => sum + v * v, 0) / 3));
    },
  },
  layerNorm: {
    inputs: [[2, 3]],
    build: (g, [x]) =>
      g.layerNorm(x!, g.constant(Float32Array.of(1, 2, 3), [3]), g.constant(Float32Array.of(4, 5, 6), [3]), 0.1),
    shape: [2, 3],
    element: ([x], i) => {
      const row = rows(x!, 3, Math.floor(i / 3));
      const mean = row.reduce((a, b) => a + b, 0) / 3;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / 3;
      return ((x![i]! - mean) / Math.sqrt(variance + 0.1)) * ((i % 3) + 1) + (i % 3) + 4;
    },
  },
  groupNorm: {
    inputs: [[2, 4, 1, 3]],
    build: (g, [x]) => {
      const [weight, bias] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)];
      return g.groupNorm(x!, g.constant(weight, [1, 4, 1, 1]), g.constant(bias, [1, 4, 1, 1]), {
        groups: 2,
        epsilon: 0.1,
      });
    },
    shape: [2, 4, 1, 3],
    element: ([x], i) => {
      const group = rows(x!, 6, Math.floor(i / 6)); // two channels of three places
      const mean = group.reduce((a, b) => a + b, 0) / 6;
      const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / 6;
      const channel = Math.floor(i / 3) % 4;
      return ((x![i]! - mean) / Math.sqrt(variance + 0.1)) * (channel + 1) + channel + 5;
    },
  },
  reshape: {
    inputs: [[2, 6]],
    build: (g, [x]) => g.reshape(x!, ["N", 3, 2]),
    shape: [2, 3, 2],
    element: ([x], i) => x![i]!,
  },
  transpose: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.transpose(x!, [1, 0]),
    shape: [3, 2],
    element: ([x], i) => x![(i % 2) * 3 + (i >> 1)]!,
  },
  slice: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.slice(x!, 1, 1, 3),
    shape: [2, 2],
    element: ([x], i) => x![(i >> 1) * 3 + 1 + (i % 2)]!,
  },
  concat: {
    inputs: [
      [2, 1],
      [2, 2],
    ],
    build: (g, [a, b]) => g.concat([a!, b!], 1),
    shape: [2, 3],
    element: ([a, b], i) => (i % 3 === 0 ? a![i / 3]! : b![Math.floor(i / 3) * 2 + (i % 3) - 1]!),
  },
  pad: {
    inputs: [[2, 2]],
    build: (g, [x]) => g.pad(x!, 1, 7),
    shape: [2, 3],
    element: ([x], i) => (i % 3 === 2 ? 7 : x![Math.floor(i / 3) * 2 + (i % 3)]!),
  },
  expand: {
    inputs: [
      [2, 1],
      [2, 3],
    ],
    build: (g, [x, like]) => g.expand(x!, like!),
    shape: [2, 3],
    element: ([x], i) => x![Math.floor(i / 3)]!,
  },
  downsample: {
    inputs: [[2, 1, 2, 2]],
    build: (g, [x]) => g.downsample(x!),
    shape: [2, 1, 1, 1],
    element: ([x], i) => rows(x!, 4, i).reduce((a, b) => a + b, 0) / 4,
  },
  upsample: {
    inputs: [[2, 1, 1, 2]],
    build: (g, [x]) => g.upsample(x!),
    shape: [2, 1, 2, 4],
    element: ([x], i) => x![Math.floor(i / 8) * 2 + Math.floor((i % 4) / 2)]!,
  },
  gemm: {
    inputs: [
      [2, 3],
      [2, 2],
    ],
    build: (g, [a, c]) =>
      g.gemm(a!, g.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]), c!, { transposeB: true, alpha: 2, beta: 3 }),
    shape: [2, 2],
    element: ([a, c], i) =>
      [0, 1, 2].reduce((sum, k) => sum + 2 * rows(a!, 3, i >> 1)[k]! * ((i % 2) * 3 + k + 1), 3 * c![i]!),
  },
  attention: {
    inputs: [[3, 1, 2, 4]],
    isFixed: true,
    build: (g, [qkv]) => g.attention(qkv!),
    shape: [1, 2, 4],
    element: ([qkv], i) => {
      const vector = (part: number, place: number) => rows(qkv!, 4, 2 * part + place);
      const q = vector(0, i >> 2);
      const logits = [0, 1].map((place) => vector(1, place).reduce((sum, k, at) => sum + q[at]! * k, 0) / 2);
      return [0, 1].reduce((sum, place) => sum + softmaxOf(logits, place) * vector(2, place)[i % 4]!, 0);
    },
  },
  rowSquares: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.rowSquares(x!),
    shape: [2, 1],
    element: ([x], i) => rows(x!, 3, i).reduce((sum, v) => sum + v * v, 0),
  },
  normalizeRows: {
    inputs: [[2, 3]],
    build: (g, [x]) => g.normalizeRows(x!, 0.1),
    shape: [2, 3],
    element: ([x], i) => {
      const row = rows(x!, 3, Math.floor(i / 3));
      return x![i]! / (0.1 + Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / 3));
    },
  },
  normalizeRowsGradient: {
    inputs: [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    build: (g, [x, y, dy]) => g.normalizeRowsGradient(x!, y!, dy!, 0.1),
    shape: [2, 3],
    element: (inputs, i) => {
      const [x, y, dy] = inputs.map((each) => rows(each, 3, Math.floor(i / 3))) as [number[], number[], number[]];
      const length = Math.hypot(...x);
      const along = y.reduce((sum, v, k) => sum + v * dy[k]!, 0);
      return dy[i % 3]! / (0.1 + length / Math.sqrt(3)) - (y[i % 3]! * along) / (length * Math.sqrt(3));
    },
  },
  largest: {
    inputs: [
      [2, 3],
      [2, 1],
    ],
    build: (g, [a, b]) => g.largest([a!, b!]),
    shape: [],
    element: (inputs) => Math.max(...inputs.flatMap((x) => [...x])),
  },
  neighbours: {
    inputs: [[8, 2]],
    isFixed: true,
    build: (g, [x]) => g.neighbours(x!, 2),
    shape: [8, 18],
    element: ([x], i) => {
      const [row, tap, channel] = [Math.floor(i / 18), Math.floor(i / 2) % 9, i % 2];
      const pixel = neighbour(row % 4, tap);
      return pixel === undefined ? 0 : x![2 * (row - (row % 4) + pixel) + channel]!;
    },
  },
  rowConv: {
    inputs: [
      [8, 2],
      [8, 1],
    ],
    isFixed: true,
    build: (g, [x, c]) => {
      const kernel = Float32Array.from({ length: 18 }, (_, i) => i - 7);
      const w = g.constant(kernel, [9, 2]);
      return g.rowConv([x!, w, g.reshape(w, [1, 18]), c!], 2, { alpha: 0.1, beta: 3 });
    },
    shape: [8, 1],
    element: ([x, c], row) => {
      const taps = Array.from({ length: 18 }, (_, i) => {
        const pixel = neighbour(row % 4, i >> 1);
        return pixel === undefined ? 0 : (i - 7) * x![2 * (row - (row % 4) + pixel) + (i % 2)]!;
      });
      return taps.reduce((sum, each) => sum + 0.1 * each, 3 * c![row]!);
    },
  },
  halveRows: {
    inputs: [[8, 2]],
    isFixed: true,
    build: (g, [x]) => g.halveRows(x!, 2),
    shape: [2, 2],
    element: ([x], i) => [0, 1, 2, 3].reduce((sum, k) => sum + x![8 * (i >> 1) + 2 * k + (i % 2)]! / 4, 0),
  },
  doubleRows: {
    inputs: [[8, 1]],
    isFixed: true,
    build: (g, [x]) => g.doubleRows(x!, 2),
    shape: [32, 1],
    element: ([x], i) => x![4 * (i >> 4) + 2 * ((i >> 3) & 1) + ((i >> 1) & 1)]!,
  },
};
