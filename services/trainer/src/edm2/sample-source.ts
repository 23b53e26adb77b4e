/** @file Where a run's samples come from. */

/** Samples of some images of the run. */
export interface SampleBatch {
  /** As the dataset stores them: uint8 [n, C, H, W], or float32 [n, 2 C, H, W] of latents. Valid until the next read. */
  readonly data: Uint8Array | Float32Array;
  /** [n, labelDim]; undefined for an unconditional run. */
  readonly labels: Float32Array | undefined;
}

/** A dataset in the order of a run. */
export interface SampleSource {
  /**
   * The samples of images `first` to `first + count - 1` of the run. Image k is sample k mod n of its epoch's permutation, so
   * the order follows from the seed and the position alone.
   */
  read(first: number, count: number): Promise<SampleBatch>;
  close(): Promise<void>;
}
