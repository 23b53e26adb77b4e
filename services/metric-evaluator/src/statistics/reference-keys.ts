/** @file What detectors are called in files of statistics: by the metric that they are published with. */
import { DINOV2, INCEPTION } from "@tandem/metrics";

const keys: Readonly<Record<string, string>> = { [INCEPTION]: "fid", [DINOV2]: "fd_dinov2" };

/** "fid" of Inception-v3, "fd_dinov2" of DINOv2 ViT-L/14; any other detector by its own name. */
export const referenceKey = (detector: string): string => keys[detector] ?? detector;

/** The detector of a key. */
export const detectorOfKey = (key: string): string =>
  Object.keys(keys).find((detector) => keys[detector] === key) ?? key;
