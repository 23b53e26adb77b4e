/** @file What a seed turns into: a stream of normal and integer draws, in a fixed order. */

/** A stream of random numbers. Draws follow each other: the same calls in the same order give the same numbers anywhere. */
export interface Generator {
  /** The next `count` draws of N(0, 1), float32. One call of 16 is not two calls of 8. */
  normal(count: number): Float32Array<ArrayBuffer>;
  /** As `normal(target.length)`, into an array that exists already. */
  fillNormal(target: Float32Array): void;
  /**
   * The next integer in [0, range).
   * @param range 1 to 2^28: larger ranges are drawn differently by PyTorch, and no label needs one
   */
  integer(range: number): number;
}
