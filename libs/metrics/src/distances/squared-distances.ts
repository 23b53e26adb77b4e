/** @file Squared distances between images, block by block. */
import type { Features } from "../features/features.js";

/** Squared Euclidean distances of rows `first` to `end` of `a` to all of `b`: [end - first, images of b]. */
export async function squaredDistances(a: Features, first: number, end: number, b: Features): Promise<Float64Array> {
  const { dim } = a;
  const columns = b.rows.length / dim;
  const distances = new Float64Array((end - first) * columns);
  for (let i = first; i < end; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += (a.rows[i * dim + k]! - b.rows[j * dim + k]!) ** 2;
      distances[(i - first) * columns + j] = sum;
    }
  return distances;
}
