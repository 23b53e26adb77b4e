/** @file Dense float32 arrays. */

/** A row-major float32 array. Images and latents are [N, C, H, W]; points of the toy [N, 2]; labels [N, L]. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
