/** @file The one idea: a Denoiser. Local, remote and guided ones are the same to the sampling loop. */
import type { Tensor } from "./tensor.js";

/** What the sampling loop must know of a denoiser. */
export interface DenoiserInfo {
  /** Name for people and errors: a model's resource name, or what a combination consists of. */
  readonly name: string;
  /** Shape of one sample, without the batch: [C, H, W], or [2]. */
  readonly sampleShape: readonly number[];
  /** Width of a label row; 0 is unconditional. */
  readonly labelDim: number;
  /** Most samples in one call. */
  readonly maxBatchSize: number;
  /** Digests of the weights that take part, by model name. */
  readonly weightsDigests: Readonly<Record<string, string>>;
}

/** D(x; sigma, labels), wherever it is computed. */
export interface Denoiser {
  readonly info: DenoiserInfo;

  /**
   * Denoised images D(x; sigma, labels).
   * @param x       noisy samples [N, ...sampleShape], units of the training data (sigma_data = 0.5); not changed, not kept
   * @param sigma   noise level of each sample [N], units of x, positive and finite
   * @param labels  label rows [N, labelDim]; absent means zero rows; ignored when labelDim is 0
   * @param signal  aborts: rejects with the signal's reason, and work stops before the next evaluation
   * @returns [N, ...sampleShape], the caller's to keep
   * @throws DomainError SHAPE_MISMATCH, BATCH_TOO_LARGE, NOT_FINITE, QUEUE_FULL, SERVER_UNAVAILABLE (naming the server)
   */
  denoise(x: Tensor, sigma: Float32Array, labels?: Tensor, signal?: AbortSignal): Promise<Tensor>;

  /** Networks evaluated per sample at a noise level; absent means always one. */
  networksAt?(sigma: number): number;
}
