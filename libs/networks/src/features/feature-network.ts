/** @file A feature network as it lies in memory. */
import type { TensorData } from "@tandem/formats";
import type { FeatureNetworkConfig } from "./architectures.js";

/** A network that turns images into vectors whose distances mean something. */
export interface FeatureNetwork {
  readonly config: FeatureNetworkConfig;
  /** By one name each, whatever the file's layout: those of the FID checkpoint for PyTorch, and DINOv2's official ones. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** `sha256:` and 64 hexadecimal digits over configuration and weights: equal for the same weights in any layout. */
  readonly digest: string;
}
