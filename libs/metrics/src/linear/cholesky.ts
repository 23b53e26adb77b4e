/** @file Cholesky's factorization of a covariance, singular or not. */
import { type Matrix, matrix, type Products } from "./products.js";
import type { Workspace } from "./workspace.js";

/** Columns of a panel, between two products. */
const WIDTH = 64;
/** Rows of what is left that one product updates: their part left of the diagonal is not computed. */
const STRIP = 512;

/** S = L L^T with the rows of S in another order. */
export interface Factor {
  /** Columns of L. */
  readonly rank: number;
  /** Row i of L belongs to row order[i] of S. */
  readonly order: Int32Array;
  /** L in panels of columns: each [n, its columns], and zero above the diagonal. */
  readonly panels: readonly Matrix[];
}

/**
 * The largest diagonal that is left comes next (complete pivoting: Higham, "Accuracy and Stability of Numerical Algorithms", 10.3);
 * when it is rounding noise, the rank is reached.
 * @param s [n, n], in the workspace; overwritten
 */
export async function choleskyFactor(n: number, s: Float64Array, work: Workspace, products: Products): Promise<Factor> {
  const squares = work.floats(n);
  const orderPiece = work.floats(Math.ceil(n / 2));
  const order = new Int32Array(orderPiece.buffer, orderPiece.byteOffset, n);
  for (let i = 0; i < n; i++) order[i] = i;
  const panel = work.floats(n * WIDTH);
  const update = work.floats(STRIP * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, s[i * (n + 1)]!);
  const noise = largest * n * Number.EPSILON;
  const done: { panel: Float64Array; columns: number; order: Int32Array }[] = [];
  let rank = 0;
  for (let isRankReached = false; rank < n && !isRankReached; ) {
    const width = Math.min(WIDTH, n - rank);
    const columns = work.kernel.factorPanel(
      s.byteOffset,
      n,
      rank,
      panel.byteOffset,
      width,
      squares.byteOffset,
      order.byteOffset,
      noise,
    );
    isRankReached = columns < width;
    done.push({ panel: cut(panel, n, width, rank, columns), columns, order: order.slice() });
    rank += columns;
    if (!isRankReached) await updateRest(n, s, rank, panel, width, update, work, products);
  }
  const place = new Int32Array(n);
  for (let i = 0; i < n; i++) place[order[i]!] = i;
  const panels = done.map(({ panel: rows, columns, order: then }) => {
    const final = new Float64Array(n * columns);
    for (let i = 0; i < n; i++) final.set(rows.subarray(i * columns, (i + 1) * columns), place[then[i]!]! * columns);
    return matrix(final, n, columns);
  });
  return { rank, order: order.slice(), panels };
}

/** A panel with zeros above its first row, of `columns` of its columns. */
function cut(panel: Float64Array, n: number, width: number, first: number, columns: number): Float64Array {
  const rows = new Float64Array(n * columns);
  for (let i = first; i < n; i++) rows.set(panel.subarray(i * width, i * width + columns), i * columns);
  return rows;
}

/** What is left after a panel: S -= P P^T, on and right of the diagonal. */
async function updateRest(
  n: number,
  s: Float64Array,
  first: number,
  panel: Float64Array,
  width: number,
  update: Float64Array,
  { kernel }: Workspace,
  products: Products,
): Promise<void> {
  for (let row = first; row < n; row += STRIP) {
    const rows = Math.min(STRIP, n - row);
    const left = matrix(panel.subarray(row * width, (row + rows) * width), rows, width);
    const right = matrix(panel.subarray(row * width, n * width), n - row, width);
    await products.multiply(left, right, matrix(update.subarray(0, rows * (n - row)), rows, n - row), {
      transposeB: true,
    });
    const at = s.byteOffset + row * (n + 1) * 8;
    kernel.subtract(at, n * 8, at, n * 8, update.byteOffset, (n - row) * 8, rows, n - row);
  }
}
