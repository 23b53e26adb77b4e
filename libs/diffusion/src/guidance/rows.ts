/** @file Some samples of a batch. */
import type { Tensor } from "../tensor.js";

/** The named rows of a tensor, in their order; the tensor itself when they are all of it. Not a copy then. */
export function pickRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const [count = 0, ...rest] = tensor.shape;
  if (rows.length === count) return tensor;
  const size = tensor.data.length / count;
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    data.set(tensor.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return { shape: [rows.length, ...rest], data };
}
