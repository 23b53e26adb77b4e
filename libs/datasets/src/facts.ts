/** @file What is known of a dataset, and the samples of a run. */

/** Facts of a dataset that was opened. */
export interface DatasetFacts {
  /** Samples in it. */
  readonly count: number;
  /** Shape of one stored sample: images [C, H, W], latents [2 C, H, W] (mean and standard deviation). */
  readonly shape: readonly number[];
  readonly kind: "images" | "latents";
  /** Width of a label row; 0 when it has no labels. */
  readonly labelDim: number;
}

/** Samples of some images of a run. */
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
