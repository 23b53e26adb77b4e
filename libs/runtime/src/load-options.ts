/** @file How a network is to be loaded. */
import type { OnnxModel } from "@tandem/graph";

/**
 * Makes the network's graph and weights. Called at every load, also after an eviction; the runtime takes the bytes over.
 * @param folder empty, and deleted after the load: large weights may go there as files (OnnxModel.externalFolder), which
 *   spares the memory and the time of one copy
 */
export type ModelSource = (folder: string) => Promise<OnnxModel>;

/** Wishes for one network. */
export interface LoadOptions {
  /** `auto` (default): the fastest that works here; `cpu`, `webgpu`, `cuda`, `cuda:1`, ... */
  readonly provider?: string;
  /** Refuse (PROVIDER_UNAVAILABLE) rather than fall back to the CPU; default false. Meaningless with `auto`. */
  readonly requireProvider?: boolean;
  /** Most samples in a batch; default 32. */
  readonly maxBatchSize?: number;
  /**
   * Largest deviation from the CPU that the self-check of another device accepts, relative to the output's root mean square;
   * default 2e-3 (float32). Networks that compute in float16 need about 2e-2.
   */
  readonly tolerance?: number;
}
