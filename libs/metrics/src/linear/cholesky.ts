/** @file Cholesky's factorization of a covariance, singular or not. */
import { type Matrix, matrix, type Products } from "./products.js";
import type { Workspace } from "./workspace.js";

/** Columns of a panel, between two products; a divisor of BLOCK. */
const WIDTH = 64;
/** Columns of a block of the factor. */
export const BLOCK = 512;
/** Rows of what is left that one product updates: their part left of the diagonal is not computed. */
const STRIP = 512;

/** S = L L^T with the rows of S in another order. */
export interface Factor {
  /** Columns of L. */
  readonly rank: number;
  /** Row i of L belongs to row order[i] of S. */
  readonly order: Int32Array;
  /** L in blocks of 512 columns, the last of fewer: each [n, its columns], and zero above the diagonal. */
  readonly blocks: readonly Matrix[];
}

/** Columns of L, with rows in the order of the time. */
interface Panel {
  readonly rows: Float64Array;
  readonly columns: number;
  readonly order: Int32Array;
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
  const panels: Panel[] = [];
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
    panels.push({ rows: cut(panel, n, width, rank, columns), columns, order: order.slice() });
    rank += columns;
    if (!isRankReached) await updateRest(n, s, rank, panel, width, update, work, products);
  }
  return { rank, order: order.slice(), blocks: joined(n, rank, panels, order) };
}

/** Panels side by side in blocks, with rows in their last order. */
function joined(n: number, rank: number, panels: readonly Panel[], order: Int32Array): Matrix[] {
  const place = new Int32Array(n);
  for (let i = 0; i < n; i++) place[order[i]!] = i;
  const blocks = Array.from({ length: Math.ceil(rank / BLOCK) }, (_, j) => {
    const columns = Math.min(BLOCK, rank - j * BLOCK);
    return matrix(new Float64Array(n * columns), n, columns);
  });
  let first = 0;
  for (const { rows, columns, order: then } of panels) {
    if (columns === 0) continue;
    const block = blocks[Math.floor(first / BLOCK)]!;
    const shift = first % BLOCK;
    for (let i = first; i < n; i++)
      block.data.set(rows.subarray(i * columns, (i + 1) * columns), place[then[i]!]! * block.columns + shift);
    first += columns;
  }
  return blocks;
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
