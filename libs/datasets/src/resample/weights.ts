/** @file Filters of resampling, and their weights in fixed point, as Pillow has them for 8-bit images (numerics, section 7). */

/** A filter's name. */
export type Filter = "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

/** Weights of all outputs along one axis: output i is the sum of weights[i * size + k] * input[first[i] + k] for k < counts[i]. */
export interface Weights {
  readonly size: number;
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** In units of 2^-22. */
  readonly weights: Int32Array;
  /** The same for the kernel: for each output `pairs` pairs of taps, each as two high halves and two low ones (2^11 high + low). */
  readonly pairs: number;
  readonly halves: Int16Array;
}

const ONE = 2 ** 22;
const LOW_BITS = 11;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Half the width of a filter, and its value at a distance. */
const filters: Readonly<Record<Filter, readonly [support: number, at: (x: number) => number]>> = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI)))],
  bicubic: [2, (x) => cubic(Math.abs(x))],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

/** Keys' cubic with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** The weights that make `to` pixels of `from`, widened when the image shrinks. */
export function weightsOf(filter: Filter, from: number, to: number): Weights {
  const [halfWidth, at] = filters[filter];
  const scale = from / to;
  const widening = Math.max(1, scale);
  const support = halfWidth * widening;
  const size = Math.ceil(support) * 2 + 1;
  const [first, counts] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Int32Array(to * size);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - low;
    const raw = Array.from({ length: count }, (_, k) => at((k + low - center + 0.5) * (1 / widening)));
    const sum = raw.reduce((a, b) => a + b, 0);
    first[i] = low;
    counts[i] = count;
    for (const [k, value] of raw.entries()) {
      const weight = (sum === 0 ? value : value / sum) * ONE;
      weights[i * size + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
  }
  return { size, first, counts, weights, ...halvesOf(weights, size, to) };
}

/** Pairs in twos, since the kernel takes four taps at once: those that are not there have no weight. */
function halvesOf(weights: Int32Array, size: number, outputs: number): Pick<Weights, "pairs" | "halves"> {
  const pairs = Math.ceil(size / 4) * 2;
  const halves = new Int16Array(outputs * pairs * 4);
  for (let i = 0; i < outputs; i++)
    for (let k = 0; k < size; k++) {
      const weight = weights[i * size + k]!;
      const at = (i * pairs + (k >> 1)) * 4 + (k & 1);
      halves[at] = weight >> LOW_BITS;
      halves[at + 2] = weight & (2 ** LOW_BITS - 1);
    }
  return { pairs, halves };
}
