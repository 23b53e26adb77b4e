/** @file A tensor in five numbers, to see at a glance where values leave their range. */

/** Statistics of the finite values; NaN where there are none. */
export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Root mean square. */
  readonly rms: number;
  /** Values that are NaN or infinite. */
  readonly notFinite: number;
}

/** One pass over the values. */
export function tensorStatistics(values: Float32Array): TensorStatistics {
  let [min, max, sum, squares, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    squares += value * value;
  }
  const notFinite = values.length - count;
  if (count === 0) return { min: Number.NaN, max: Number.NaN, mean: Number.NaN, rms: Number.NaN, notFinite };
  return { min, max, mean: sum / count, rms: Math.sqrt(squares / count), notFinite };
}
