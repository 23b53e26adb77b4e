/** @file How far each image of a set is from its nearest neighbours in that set. */
import type { Features } from "../features/features.js";
import { inBackground } from "../thread/background.js";
import { keepSmallest, TILE } from "./tiles.js";

/** Sets whose neighbours are known: metrics of one evaluation ask for the same. */
const known = new WeakMap<Float32Array, { k: number; smallest: Promise<Float64Array> }>();

/**
 * Squared radii [n]: the k-th smallest squared distance of each image to the others, itself left out.
 * @param features n > k images; their rows must not change as long as they are compared
 */
export async function squaredRadii({ dim, rows }: Features, k: number, signal?: AbortSignal): Promise<Float64Array> {
  let neighbours = known.get(rows);
  if (!neighbours || neighbours.k < k) {
    // Metrics ask for 3 and for 5: more cost nothing.
    const wanted = Math.min(Math.max(k, 5), rows.length / dim - 1);
    neighbours = { k: wanted, smallest: nearest(dim, rows, wanted, signal) };
    known.set(rows, neighbours);
    neighbours.smallest.catch(() => known.delete(rows)); // whoever waits for it hears why
  }
  const all = await neighbours.smallest;
  return Float64Array.from({ length: rows.length / dim }, (_, i) => all[i * neighbours.k + k - 1]!);
}

/** The k smallest squared distances of each image, ascending: [n, k]. Tiles on and above the diagonal tell all. */
async function nearest(
  dim: number,
  rows: Float32Array,
  k: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const count = rows.length / dim;
  const smallest = new Float64Array(count * k).fill(Number.POSITIVE_INFINITY);
  const add = (first: number, found: Float64Array) => {
    for (let at = 0; at < found.length; at++) keepSmallest(smallest, first * k + at - (at % k), k, found[at]!);
  };
  for (let i = 0; i < count; i += TILE)
    for (let j = i; j < count; j += TILE) {
      signal?.throwIfAborted();
      const x = rows.slice(i * dim, (i + TILE) * dim);
      const y = rows.slice(j * dim, (j + TILE) * dim);
      const { ofX, ofY } = await inBackground("nearestTile", { dim, x, y, k, isDiagonal: i === j }, [
        x.buffer,
        y.buffer,
      ]);
      add(i, ofX);
      add(j, ofY);
    }
  return smallest;
}
