import { roundToEven } from "./geometry.js";
import type { Transform } from "./transform.js";

/**
 * The preprocessing of ImageNet in ADM: halved by a box as long as the shorter side is at least twice the size, then resized by a
 * bicubic filter so that the shorter side has the size, and the middle is taken.
 */
export const centerCropDhariwal: Transform = (picture, { width, height }, resampler) => {
  let image = picture;
  while (Math.min(image.width, image.height) >= 2 * width)
    image = resampler.resize(image, image.width >> 1, image.height >> 1, "box");
  const scale = width / Math.min(image.width, image.height);
  const [across, down] = [roundToEven(image.width * scale), roundToEven(image.height * scale)];
  const middle = { left: (across - width) >> 1, top: (down - height) >> 1, width, height };
  return resampler.resize(image, across, down, "bicubic", middle);
};
