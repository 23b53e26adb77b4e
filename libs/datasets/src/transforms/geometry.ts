/** @file Cuts and frames of pictures, and the rounding that sizes take. */
import type { Picture } from "../resample/resampler.js";

/** The part of a picture from (left, top) on. */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/** The part in the middle; an odd rest leaves one pixel more on the right and below. */
export function cropCenter(picture: Picture, width: number, height: number): Picture {
  return crop(picture, (picture.width - width) >> 1, (picture.height - height) >> 1, width, height);
}

/** A black square with the picture in its middle. */
export function letterbox(picture: Picture): Picture {
  const side = Math.max(picture.width, picture.height);
  if (side === picture.width && side === picture.height) return picture;
  const data = new Uint8Array(side * side * 3);
  const [left, top] = [(side - picture.width) >> 1, (side - picture.height) >> 1];
  const line = picture.width * 3;
  for (let y = 0; y < picture.height; y++)
    data.set(picture.data.subarray(y * line, (y + 1) * line), ((top + y) * side + left) * 3);
  return { width: side, height: side, data };
}

/** Rounds halves to the even neighbour, as Python does. */
export function roundToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
