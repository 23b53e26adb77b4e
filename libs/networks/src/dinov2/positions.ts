/** @file Learned positions for another grid of patches than the one they were trained on. */

import type { Dinov2Config } from "./config.js";
import { antialiasedTaps, cubicTaps, type Taps } from "./cubic.js";

/**
 * Resamples the positions of patches to a grid; that of the class token stays.
 * @param stored [1 + grid², D], row by row
 * @returns [1 + rows * columns, D]; the stored ones when the grid is theirs
 */
export function interpolatePositions(
  stored: Float32Array,
  { embedDim, imageSize, patchSize, interpolateOffset, interpolateAntialias }: Dinov2Config,
  [rows, columns]: readonly [number, number],
): Float32Array {
  const grid = imageSize / patchSize;
  if (rows === grid && columns === grid) return stored;
  const tapsTo = (extent: number): Taps => {
    if (interpolateAntialias) return antialiasedTaps(grid, extent);
    return cubicTaps(grid, extent, grid / (extent + interpolateOffset));
  };
  const [vertical, horizontal] = [tapsTo(rows), tapsTo(columns)];
  const result = new Float32Array((1 + rows * columns) * embedDim);
  result.set(stored.subarray(0, embedDim));
  const sum = new Float64Array(embedDim);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      sum.fill(0);
      for (let i = 0; i < vertical.count; i++) {
        for (let j = 0; j < horizontal.count; j++) {
          const weight = vertical.weights[y * vertical.count + i]! * horizontal.weights[x * horizontal.count + j]!;
          const source = 1 + (vertical.first[y]! + i) * grid + horizontal.first[x]! + j;
          for (let d = 0; d < embedDim; d++) sum[d]! += weight * stored[source * embedDim + d]!;
        }
      }
      result.set(sum, (1 + y * columns + x) * embedDim);
    }
  }
  return result;
}
