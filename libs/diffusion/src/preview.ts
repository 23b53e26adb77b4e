/** @file Small pictures of a run that is not finished: cheap, approximate, for people only. */
import { invalid } from "@tandem/errors";
import { imageShape } from "./pixels.js";
import type { Tensor } from "./tensor.js";

/** Three rows of C coefficients: how much of each latent channel red, green and blue take; a constant may follow in each. */
export type ChannelMap = readonly (readonly number[])[];

/**
 * Samples as RGB without an autoencoder: latents have the standard deviation of pixels (sigma_data), so their channels can be
 * looked at directly, or through a linear map.
 * @param samples [N, C, H, W]
 * @param map     3 by C; default the first three channels, the last repeated when there are fewer
 * @returns [N, 3, H, W], for `toPixels`
 */
export function previewRgb(samples: Tensor, map?: ChannelMap): Tensor {
  const [count, channels, height, width] = imageShape(samples);
  const rows = map ?? Array.from({ length: 3 }, (_, rgb) => unitRow(Math.min(rgb, channels - 1), channels));
  const lengths = new Set(rows.map((row) => row.length));
  if (rows.length !== 3 || lengths.size !== 1 || !(lengths.has(channels) || lengths.has(channels + 1))) {
    throw invalid("map", `${rows.length} by ${rows[0]?.length}`, `3 by ${channels}`);
  }
  const area = height * width;
  const data = new Float32Array(count * 3 * area);
  for (let n = 0; n < count; n++) {
    rows.forEach((row, rgb) => {
      const target = data.subarray((n * 3 + rgb) * area, (n * 3 + rgb + 1) * area);
      target.fill(row[channels] ?? 0);
      row.slice(0, channels).forEach((coefficient, c) => {
        const from = (n * channels + c) * area;
        for (let i = 0; i < area; i++) target[i] = target[i]! + coefficient * samples.data[from + i]!;
      });
    });
  }
  return { shape: [count, 3, height, width], data };
}

/**
 * Pictures made small enough: means over squares of k by k, k the least whole number that fits; squares at the far edges may
 * be cut. Pictures that fit already are returned as they are.
 * @param pictures [N, C, H, W]
 * @param maxSize  longest side of the result in pixels, at least 1
 */
export function shrink(pictures: Tensor, maxSize: number): Tensor {
  if (!(maxSize >= 1)) throw invalid("previews.max_size", maxSize, "at least 1");
  const [count, channels, height, width] = imageShape(pictures);
  const k = Math.ceil(Math.max(height, width) / maxSize);
  if (k === 1) return pictures;
  const rows = Math.ceil(height / k);
  const columns = Math.ceil(width / k);
  const data = new Float32Array(count * channels * rows * columns);
  for (let plane = 0; plane < count * channels; plane++) {
    const source = pictures.data.subarray(plane * height * width, (plane + 1) * height * width);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const square = {
          top: row * k,
          left: column * k,
          bottom: Math.min(height, (row + 1) * k),
          right: Math.min(width, (column + 1) * k),
        };
        data[(plane * rows + row) * columns + column] = meanOf(source, width, square);
      }
    }
  }
  return { shape: [count, channels, rows, columns], data };
}

function meanOf(
  plane: Float32Array,
  width: number,
  { top, left, bottom, right }: { top: number; left: number; bottom: number; right: number },
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += plane[y * width + x]!;
  return sum / ((bottom - top) * (right - left));
}

function unitRow(one: number, length: number): number[] {
  return Array.from({ length }, (_, i) => (i === one ? 1 : 0));
}
