/**
 * Factorizations go in panels, strips and blocks, and a mistake at the edge of one shows at that size only. So sizes around every
 * edge, against closed forms: equal covariances give their trace, rotated diagonals the sum of roots.
 */
import { describe, expect, it } from "@jest/globals";
import { inBackground } from "../thread/background.js";

const sizes = [1, 2, 3, 4, 47, 48, 49, 50, 51, 64, 65, 96, 97, 98, 129, 200];
/** Larger than a strip of 512, and no multiple of anything. */
const large = 545;

function noise(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const word = Math.imul(i + seed * 1_000_003 + 1, 2654435761);
    return (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 31 - 1;
  });
}

/** A diagonal matrix between four reflections: its eigenvalues are known, and no row of it is simple. */
function rotated(eigenvalues: Float64Array, seed: number): Float64Array {
  const n = eigenvalues.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * (n + 1)] = eigenvalues[i]!;
  for (let step = 0; step < 4; step++) {
    const v = noise(n, seed + step);
    const scale = 2 / v.reduce((sum, x) => sum + x * x, 0);
    for (const isRow of [true, false])
      for (let i = 0; i < n; i++) {
        const at = (k: number) => (isRow ? i * n + k : k * n + i);
        let product = 0;
        for (let k = 0; k < n; k++) product += matrix[at(k)]! * v[k]!;
        for (let k = 0; k < n; k++) matrix[at(k)]! -= scale * product * v[k]!;
      }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) matrix[i * n + j] = matrix[j * n + i]!;
  return matrix;
}

const spread = (n: number, decades: number) => Float64Array.from({ length: n }, (_, i) => 10 ** ((-decades * i) / n));
const rootTrace = (dim: number, first: Float64Array, second: Float64Array) =>
  inBackground("rootTrace", { dim, first, second });
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

describe("the trace of the root of a product", () => {
  it.each([...sizes, large])("of %i equal features is their variances' sum", async (n) => {
    const variances = spread(n, 6);
    const matrix = rotated(variances, 1);
    expect(Math.abs((await rootTrace(n, matrix, matrix)) - sum(variances))).toBeLessThan(1e-13 * n);
  });

  it.each([...sizes, large])("of %i features of the same directions is the sum of single roots", async (n) => {
    const [first, second] = [spread(n, 3), spread(n, 5).reverse()];
    const wanted = sum(first.map((value, i) => Math.sqrt(value * second[i]!)));
    expect(Math.abs((await rootTrace(n, rotated(first, 7), rotated(second, 7))) - wanted)).toBeLessThan(1e-12 * n);
  });

  it.each([
    [200, 1],
    [200, 63],
    [200, 64],
    [200, 130],
    [large, 520],
  ])("of %i features of which %i vary", async (n, rank) => {
    const variances = spread(n, 2).map((value, i) => (i < rank ? value : 0));
    const other = spread(n, 3);
    const wanted = sum(variances.map((value, i) => Math.sqrt(value * other[i]!)));
    const [a, b] = [rotated(variances, 3), rotated(other, 3)];
    expect(Math.abs((await rootTrace(n, a, b)) - wanted)).toBeLessThan(1e-10 * n);
    expect(Math.abs((await rootTrace(n, b, a)) - wanted)).toBeLessThan(1e-5); // noise of null directions, and its root
  });
});
