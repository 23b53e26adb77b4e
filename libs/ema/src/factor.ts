/**
 * @file Symmetric positive systems whose rows are nearly alike: Cholesky with diagonal pivoting, and one step of refinement.
 *
 * Pivoting takes the row next that the ones before explain least. What is left when all remaining rows are explained up to
 * rounding is dropped: such snapshots add nothing but noise, and their coefficients are 0.
 */

/** Part of a row's square that rounding alone leaves. */
const EXPLAINED = 1e-14;
/** Iterations of the estimate of the eigenvalues; the condition number needs two digits. */
const ITERATIONS = 40;

/** A matrix taken apart. */
export interface Factor {
  /** Solves for a right side; zeros where rows were dropped. */
  solve(right: Float64Array): Float64Array;
  /** Rows that the others explain. */
  readonly dropped: readonly number[];
  /** Largest over smallest eigenvalue of what is kept, estimated. */
  readonly condition: number;
}

/** @param matrix symmetric, positive, ones on the diagonal; row major, n by n; kept for refinement */
export function factor(matrix: Float64Array, n: number): Factor {
  const order = Array.from({ length: n }, (_, i) => i);
  const { lower, rank } = decompose(matrix, n, order);
  const substitute = (right: Float64Array) => substituted(lower, n, rank, right);
  const multiply = (x: Float64Array) => multiplied(matrix, n, order, rank, x);
  const solve = (right: Float64Array) => {
    const wanted = Float64Array.from(order.slice(0, rank), (row) => right[row]!);
    const x = substitute(wanted);
    const missing = multiplied(matrix, n, order, rank, x, wanted);
    const correction = substitute(missing);
    const solution = new Float64Array(n);
    for (let i = 0; i < rank; i++) solution[order[i]!] = x[i]! + correction[i]!;
    return solution;
  };
  const condition = largest(multiply, rank) * largest(substitute, rank);
  return { solve, dropped: order.slice(rank), condition };
}

/** The lower factor, rows in `order`, which is changed to that of the pivots. Left-looking: a column is made when it is chosen. */
function decompose(matrix: Float64Array, n: number, order: number[]): { lower: Float64Array; rank: number } {
  const lower = new Float64Array(n * n);
  const left = new Float64Array(n).fill(1);
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let i = column + 1; i < n; i++) if (left[i]! > left[best]!) best = i;
    if (!(left[best]! > EXPLAINED)) return { lower, rank: column };
    exchange(order, left, lower, n, column, best);
    const pivot = Math.sqrt(left[column]!);
    const [own, at] = [order[column]! * n, column * n];
    lower[at + column] = pivot;
    for (let i = column + 1; i < n; i++) {
      const row = i * n;
      let value = matrix[own + order[i]!]!;
      for (let k = 0; k < column; k++) value -= lower[row + k]! * lower[at + k]!;
      value /= pivot;
      lower[row + column] = value;
      left[i] = left[i]! - value * value;
    }
  }
  return { lower, rank: n };
}

function exchange(order: number[], left: Float64Array, lower: Float64Array, n: number, a: number, b: number): void {
  if (a === b) return;
  [order[a], order[b]] = [order[b]!, order[a]!];
  [left[a], left[b]] = [left[b]!, left[a]!];
  const row = lower.slice(a * n, a * n + a);
  lower.copyWithin(a * n, b * n, b * n + a);
  lower.set(row, b * n);
}

function substituted(lower: Float64Array, n: number, rank: number, right: Float64Array): Float64Array {
  const x = right.slice();
  for (let i = 0; i < rank; i++) {
    let value = x[i]!;
    for (let k = 0; k < i; k++) value -= lower[i * n + k]! * x[k]!;
    x[i] = value / lower[i * n + i]!;
  }
  for (let i = rank - 1; i >= 0; i--) {
    const value = x[i]! / lower[i * n + i]!;
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = x[k]! - lower[i * n + k]! * value;
  }
  return x;
}

/** matrix x, or right - matrix x, in twice the precision of its numbers: what is left after a solution is all cancellation. */
function multiplied(
  matrix: Float64Array,
  n: number,
  order: readonly number[],
  rank: number,
  x: Float64Array,
  right?: Float64Array,
): Float64Array {
  const sign = right ? -1 : 1;
  return Float64Array.from({ length: rank }, (_, i) => {
    const row = order[i]! * n;
    let sum = right ? right[i]! : 0;
    let rest = 0;
    for (let k = 0; k < rank; k++) {
      const [a, b] = [matrix[row + order[k]!]!, sign * x[k]!];
      const product = a * b;
      const next = sum + product;
      const part = next - sum;
      rest += productError(a, b, product) + (sum - (next - part) + (product - part));
      sum = next;
    }
    return sum + rest;
  });
}

/** a b - product, exactly (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const [a1, b1] = [a * 134217729, b * 134217729];
  const [aHigh, bHigh] = [a1 - (a1 - a), b1 - (b1 - b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** Largest eigenvalue of a symmetric positive map, by powers. */
function largest(map: (x: Float64Array) => Float64Array, size: number): number {
  let x: Float64Array = Float64Array.from(
    { length: size },
    (_, i) => 1 + ((i * 0.6180339887) % 1) * (i % 2 === 0 ? 1 : -1),
  );
  let value = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    value = Math.hypot(...x);
    x = map(x.map((one) => one / value));
  }
  return Math.hypot(...x);
}
