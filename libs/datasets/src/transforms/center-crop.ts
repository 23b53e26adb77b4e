import { cropCenter } from "./geometry.js";
import type { Transform } from "./transform.js";

/** The square of the shorter side in the middle, resized by Lanczos. */
export const centerCrop: Transform = (picture, { width, height }, resampler) => {
  const side = Math.min(picture.width, picture.height);
  return resampler.resize(cropCenter(picture, side, side), width, height, "lanczos");
};
