import type { Transform } from "./transform.js";

/** Resizes to the size that was asked for, by Lanczos, when the picture has another. */
export const none: Transform = (picture, { width, height }, resampler) =>
  resampler.resize(picture, width, height, "lanczos");
