/** @file How far each image of a set is from its k-th nearest neighbour in that set. */
import type { Features } from "../features/features.js";
import { squaredDistances } from "./squared-distances.js";

/** Rows of a block of distances. */
export const BLOCK = 256;

/** Squared radii [n]: the k-th smallest distance of each image to the others, itself left out. n > k. */
export async function squaredRadii(features: Features, k: number): Promise<Float64Array> {
  const count = features.rows.length / features.dim;
  const radii = new Float64Array(count);
  for (let first = 0; first < count; first += BLOCK) {
    const end = Math.min(count, first + BLOCK);
    const distances = await squaredDistances(features, first, end, features);
    for (let i = first; i < end; i++) {
      const row = distances.subarray((i - first) * count, (i - first + 1) * count);
      row[i] = Number.POSITIVE_INFINITY;
      radii[i] = kthSmallest(row, k);
    }
  }
  return radii;
}

/** The k-th smallest of some numbers, by insertion into the k smallest so far: k is small. */
function kthSmallest(values: Float64Array, k: number): number {
  const smallest = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const value of values) {
    if (value >= smallest[k - 1]!) continue;
    let at = k - 1;
    for (; at > 0 && smallest[at - 1]! > value; at--) smallest[at] = smallest[at - 1]!;
    smallest[at] = value;
  }
  return smallest[k - 1]!;
}
