/** @file All transforms, by the names that the command line has for them. */
import { centerCrop } from "./center-crop.js";
import { centerCropDhariwal } from "./center-crop-dhariwal.js";
import { centerCropWide } from "./center-crop-wide.js";
import { none } from "./none.js";
import type { Transform } from "./transform.js";

export const transforms = {
  none,
  "center-crop": centerCrop,
  "center-crop-wide": centerCropWide,
  "center-crop-dhariwal": centerCropDhariwal,
} as const satisfies Record<string, Transform>;

/** A transform's name. */
export type TransformName = keyof typeof transforms;
