import type { Picture, Resampler } from "../resample/resampler.js";

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Crops and resizes a picture (numerics, section 7). Pixels equal Pillow's, bit for bit. */
export type Transform = (picture: Picture, size: Size, resampler: Resampler) => Picture;
