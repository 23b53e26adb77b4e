/** @file What the resolution of a run must know of its dataset. */

/** Facts of an opened dataset. */
export interface DatasetFacts {
  /** Samples in it. */
  readonly count: number;
  /** Shape of one stored sample: images [C, H, W], latents [2 C, H, W] (mean and standard deviation). */
  readonly shape: readonly number[];
  readonly kind: "images" | "latents";
  /** Width of a label row; 0 when it has no labels. */
  readonly labelDim: number;
}
