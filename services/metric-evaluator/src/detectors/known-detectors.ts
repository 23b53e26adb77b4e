/** @file The detectors that metrics are published with, and where people get their weights. */

import { DINOV2, INCEPTION } from "@tandem/metrics";

/** A detector that metrics name. */
export interface KnownDetector {
  /** Width of its features. */
  readonly featureDim: number;
  /** Files that hold it, for the message to who has none. */
  readonly files: string;
}

/** By name, as FeatureStatistics.detector. */
export const knownDetectors: Readonly<Record<string, KnownDetector>> = {
  [INCEPTION]: {
    featureDim: 2048,
    files:
      "pt_inception-2015-12-05-6726825d.pth of github.com/mseitzer/pytorch-fid (release fid_weights; its SHA-256 begins 6726825d), or " +
      "the inception-v3-2015-12-05.pkl of NVIDIA's research models",
  },
  [DINOV2]: {
    featureDim: 1024,
    files:
      "dinov2_vitl14_pretrain.pth of github.com/facebookresearch/dinov2 (ViT-L/14 distilled, without registers), or model.safetensors of " +
      "huggingface.co/facebook/dinov2-large; the digest of what is loaded stands in every result",
  },
};
