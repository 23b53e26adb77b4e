/** @file A batch of samples: what goes in, what comes out, what is told on the way. */
import type { GeneratorName, Tensor } from "@tandem/diffusion";
import type { CallSettings } from "../denoise/call-settings.js";

/** Samples that are drawn together. */
export interface Batch {
  /** One per sample. */
  readonly seeds: readonly bigint[];
  readonly generator: GeneratorName;
  /** Rows [N, labelDim]; absent means drawn from each sample's generator. */
  readonly labels: Tensor | undefined;
  /** State at the first noise level, instead of drawn noise. */
  readonly start?: Tensor | undefined;
}

/** After a step. Tensors may be views: read them before the listener returns. */
export interface BatchStep {
  /** Steps done, 1 to steps. */
  readonly step: number;
  readonly steps: number;
  /** Noise level reached. */
  readonly sigma: number;
  /** The guided estimate; there whenever a preview is due. */
  readonly denoised: Tensor | undefined;
  /** The state; there whenever the trajectory is wanted. */
  readonly state: Tensor | undefined;
}

/** How a batch is run. */
export interface BatchOptions {
  readonly signal: AbortSignal;
  readonly calls: CallSettings;
  /** Steps between previews; 0 means none. */
  readonly previewEvery: number;
  readonly trajectory: boolean;
  /** Told of every step and awaited. */
  readonly onStep: (step: BatchStep) => void | Promise<void>;
}

/** A sampled batch. */
export interface SampledBatch {
  /** [N, ...sampleShape]. */
  readonly samples: Tensor;
  /** Rows used, drawn or given; absent for unconditional models. */
  readonly labels: Tensor | undefined;
}
