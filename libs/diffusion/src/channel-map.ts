/** @file The linear map that comes nearest to a decoder: good enough for a preview, and a thousand times cheaper. */
import { DomainError } from "@tandem/errors";
import { imageShape, type Pixels } from "./pixels.js";
import type { ChannelMap } from "./preview.js";
import type { Tensor } from "./tensor.js";

/** Keeps the equations solvable where channels follow each other; far below what eight bits show. */
const RIDGE = 1e-6;

/** Fits red, green and blue to the channels of latents by least squares, each latent against the mean of its pixels. */
export class ChannelMapFit {
  /** Latents seen, all places of all images. */
  #count = 0;
  /** Sums of the normal equations: a row for each channel and the constant, with three right sides. */
  readonly #sums: readonly Float64Array[];

  /** @param channels of a latent */
  constructor(private readonly channels: number) {
    this.#sums = Array.from({ length: channels + 1 }, () => new Float64Array(channels + 4));
  }

  /**
   * Learns from some images.
   * @param latents  [N,C,h,w], as the map will be used on
   * @param pictures theirs, height and width the same multiple of h and w
   * @throws DomainError SHAPE_MISMATCH
   */
  add(latents: Pick<Tensor, "shape" | "data">, pictures: Pixels): void {
    const [count, channels, height, width] = imageShape(latents);
    const k = pictures.height / height;
    if (channels !== this.channels || !Number.isInteger(k) || pictures.width !== k * width || pictures.count !== count)
      throw new DomainError(
        "SHAPE_MISMATCH",
        `pictures of ${pictures.count}x${pictures.height}x${pictures.width} are not those of latents [${latents.shape}]`,
      );
    const size = channels + 1;
    const row = new Float64Array(size + 3);
    row[channels] = 1;
    const area = height * width;
    for (let n = 0; n < count; n++)
      for (let at = 0; at < area; at++) {
        for (let c = 0; c < channels; c++) row[c] = latents.data[(n * channels + c) * area + at]!;
        for (let rgb = 0; rgb < 3; rgb++) row[size + rgb] = (meanOf(pictures, n, at, width, k, rgb) - 128) / 127.5;
        for (const [i, sums] of this.#sums.entries())
          for (let j = 0; j < sums.length; j++) sums[j]! += row[i]! * row[j]!;
      }
    this.#count += count * area;
  }

  /** 3 rows of C coefficients and a constant, for `previewRgb`; undefined before anything was learned. */
  get map(): ChannelMap | undefined {
    if (this.#count === 0) return undefined;
    const equations = this.#sums.map((sums, i) => {
      const equation = sums.slice();
      equation[i]! += RIDGE * this.#count;
      return equation;
    });
    eliminate(equations);
    return [0, 1, 2].map((rgb) => equations.map((equation) => equation[this.channels + 1 + rgb]!));
  }
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
function eliminate(equations: readonly Float64Array[]): void {
  for (const [i, pivot] of equations.entries()) {
    const scale = 1 / pivot[i]!;
    for (let j = i; j < pivot.length; j++) pivot[j]! *= scale;
    for (const [k, other] of equations.entries()) {
      if (k === i) continue;
      const factor = other[i]!;
      for (let j = i; j < other.length; j++) other[j]! -= factor * pivot[j]!;
    }
  }
}
