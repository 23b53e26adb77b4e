/** @file The linear map that comes nearest to a decoder: good enough for a preview, and a thousand times cheaper. */
import { DomainError } from "@tandem/errors";
import { imageShape, type Pixels } from "./pixels.js";
import type { ChannelMap } from "./preview.js";

/** Keeps the equations solvable where channels follow each other; far below what eight bits show. */
const RIDGE = 1e-6;

/**
 * Fits red, green and blue to the channels of latents by least squares, each latent against the mean of its pixels.
 * @param latents  [N,C,h,w], as the map will be used on
 * @param pictures their decoded pictures, height and width the same multiple of h and w
 * @returns 3 rows of C coefficients and a constant, for `previewRgb`
 * @throws DomainError SHAPE_MISMATCH
 */
export function fitChannelMap(
  latents: { readonly shape: readonly number[]; readonly data: Float32Array },
  pictures: Pixels,
): ChannelMap {
  const [count, channels, height, width] = imageShape(latents);
  const k = pictures.height / height;
  if (!Number.isInteger(k) || pictures.width !== k * width || pictures.count !== count)
    throw new DomainError(
      "SHAPE_MISMATCH",
      `pictures of ${pictures.count}x${pictures.height}x${pictures.width} are not those of latents [${latents.shape}]`,
    );
  const size = channels + 1;
  const normal = Array.from({ length: size }, () => new Float64Array(size + 3));
  const row = new Float64Array(size + 3);
  row[channels] = 1;
  const area = height * width;
  for (let n = 0; n < count; n++)
    for (let at = 0; at < area; at++) {
      for (let c = 0; c < channels; c++) row[c] = latents.data[(n * channels + c) * area + at]!;
      for (let rgb = 0; rgb < 3; rgb++) row[size + rgb] = (meanOf(pictures, n, at, width, k, rgb) - 128) / 127.5;
      for (let i = 0; i < size; i++) for (let j = 0; j < size + 3; j++) normal[i]![j]! += row[i]! * row[j]!;
    }
  for (let i = 0; i < size; i++) normal[i]![i]! += RIDGE * count * area;
  solve(normal, size);
  return [0, 1, 2].map((rgb) => normal.map((equation) => equation[size + rgb]!));
}

/** Mean of one latent's square of pixels, one color. */
function meanOf(pictures: Pixels, n: number, at: number, width: number, k: number, rgb: number): number {
  const [top, left] = [Math.floor(at / width) * k, (at % width) * k];
  let sum = 0;
  for (let y = top; y < top + k; y++)
    for (let x = left; x < left + k; x++)
      sum += pictures.data[((n * pictures.height + y) * pictures.width + x) * 3 + rgb]!;
  return sum / k ** 2;
}

/** Gauss's elimination of symmetric, positive equations in place; the right sides become the solutions. */
function solve(equations: Float64Array[], size: number): void {
  for (let i = 0; i < size; i++) {
    const pivot = equations[i]!;
    const scale = 1 / pivot[i]!;
    for (let j = i; j < pivot.length; j++) pivot[j]! *= scale;
    for (const [k, other] of equations.entries()) {
      if (k === i) continue;
      const factor = other[i]!;
      for (let j = i; j < other.length; j++) other[j]! -= factor * pivot[j]!;
    }
  }
}
