import { cropCenter, letterbox, roundToEven } from "./geometry.js";
import type { Transform } from "./transform.js";

/**
 * The middle rows of a picture, in all its width, resized by Lanczos and set into a black square of the width. There are as many rows
 * as the picture would have were it resized to the width: so the reference counts them (docs/decisions/060), though the aspect of
 * what is left then depends on the picture's size. A picture that has fewer keeps them all.
 */
export const centerCropWide: Transform = (picture, { width, height }, resampler) => {
  const rows = Math.max(1, roundToEven((width * picture.height) / picture.width));
  const middle = cropCenter(picture, picture.width, Math.min(rows, picture.height));
  return letterbox(resampler.resize(middle, width, height, "lanczos"));
};
