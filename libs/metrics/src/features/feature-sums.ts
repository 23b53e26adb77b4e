/** @file Sums of features and of their products that are exact: the same however images are split, batched, merged or ordered. */
import { DomainError } from "@tandem/errors";
import type { Gaussian } from "../gaussian.js";
import { BASE, checkRange, FRACTION, MAX_IMAGES, OUTER_DIGITS, ROUND, SUM_DIGITS } from "./fixed-point.js";
import { gaussianOf } from "./statistics.js";

/** Totals as they are stored: digit k counts 2^(44 k) units; the unit is 2^-30 for sums and 2^-60 for products. */
export interface FeatureParts {
  readonly numImages: number;
  /** Sums of the features: digits, each [d]. */
  readonly sum: readonly Float64Array[];
  /** Sums of the outer products: digits, each [d, d], symmetric. */
  readonly outer: readonly Float64Array[];
}

/**
 * Adds up features. Whatever the order, the batches and the shards, the same images give the same statistics to the last bit
 * (docs/decisions/070). Memory depends on the width d alone: about 50 d^2 bytes.
 */
export class FeatureSums {
  readonly #sum: Float64Array[];
  readonly #outer: Float64Array[];
  #count = 0;

  /** @param dim features of an image, d */
  constructor(readonly dim: number) {
    if (!Number.isInteger(dim) || dim < 1)
      throw new DomainError("FIELD_INVALID", `dim is ${dim}; it must be a positive integer`);
    this.#sum = Array.from({ length: SUM_DIGITS }, () => new Float64Array(dim));
    this.#outer = Array.from({ length: OUTER_DIGITS }, () => new Float64Array(dim * dim));
  }

  /** Totals as `parts` gave them. @throws DomainError SHAPE_MISMATCH, FIELD_INVALID when they are no such totals */
  static fromParts(dim: number, parts: FeatureParts): FeatureSums {
    const sums = new FeatureSums(dim);
    sums.#take(parts);
    return sums;
  }

  /** Images added. */
  get n(): number {
    return this.#count;
  }

  /**
   * Adds images. The rows are read before this returns; wait for it before the next, so that memory stays flat.
   * @param rows features [images, d], each within -8192 and 8192
   * @throws DomainError SHAPE_MISMATCH, NOT_FINITE or FIELD_INVALID naming the image; nothing is added then
   */
  async add(rows: Float32Array): Promise<void> {
    const { dim } = this;
    if (rows.length % dim !== 0)
      throw new DomainError("SHAPE_MISMATCH", `${rows.length} features are no rows of ${dim}`);
    checkRange(rows, dim, this.#count);
    this.#grow(rows.length / dim);
    const [low, high] = this.#sum as [Float64Array, Float64Array];
    for (let at = 0; at < rows.length; at += dim) {
      const row = rows.subarray(at, at + dim);
      for (let i = 0; i < dim; i++) {
        const f = row[i]! * 2 ** FRACTION + ROUND - ROUND;
        carry(low, high, i, f);
        const fh = f / 2 ** 22 + ROUND - ROUND;
        const fl = f - fh * 2 ** 22;
        for (let j = 0; j < dim; j++) {
          const g = row[j]! * 2 ** FRACTION + ROUND - ROUND;
          const gh = g / 2 ** 22 + ROUND - ROUND;
          const gl = g - gh * 2 ** 22;
          const cross = fh * gl + fl * gh;
          const crossHigh = cross / 2 ** 22 + ROUND - ROUND;
          this.#addOuter(i * dim + j, fl * gl + (cross - crossHigh * 2 ** 22) * 2 ** 22, fh * gh + crossHigh, 0);
        }
      }
    }
  }

  /** Adds the images of others of the same width. */
  async merge(other: FeatureSums): Promise<void> {
    this.#take(await other.parts());
  }

  /** The totals, for storing. They are copies. */
  async parts(): Promise<FeatureParts> {
    return {
      numImages: this.#count,
      sum: this.#sum.map((digit) => digit.slice()),
      outer: this.#outer.map((digit) => digit.slice()),
    };
  }

  /** Mean and covariance. @throws DomainError TOO_FEW_IMAGES below two images */
  async statistics(): Promise<Gaussian> {
    return gaussianOf(this.dim, { numImages: this.#count, sum: this.#sum, outer: this.#outer });
  }

  #take({ numImages, sum, outer }: FeatureParts): void {
    const { dim } = this;
    const isFit =
      sum.length === SUM_DIGITS &&
      outer.length === OUTER_DIGITS &&
      sum.every((digit) => digit.length === dim) &&
      outer.every((digit) => digit.length === dim * dim);
    if (!isFit) throw new DomainError("SHAPE_MISMATCH", `these sums are not of ${dim} features an image`);
    this.#grow(numImages);
    for (let i = 0; i < dim; i++) {
      this.#sum[1]![i]! += sum[1]![i]!;
      carry(this.#sum[0]!, this.#sum[1]!, i, sum[0]![i]!);
    }
    const [d0, d1, d2] = outer as [Float64Array, Float64Array, Float64Array];
    for (let i = 0; i < dim * dim; i++) this.#addOuter(i, d0[i]!, d1[i]!, d2[i]!);
  }

  #addOuter(at: number, value0: number, value1: number, value2: number): void {
    const [d0, d1, d2] = this.#outer as [Float64Array, Float64Array, Float64Array];
    d2[at]! += value2;
    const before = d1[at]!;
    carry(d0, d1, at, value0);
    const middle = d1[at]! - before + value1; // below 2^53: the carry is small
    d1[at] = before;
    carry(d1, d2, at, middle);
  }

  #grow(images: number): void {
    if (!Number.isInteger(images) || images < 0 || this.#count + images > MAX_IMAGES)
      throw new DomainError("FIELD_INVALID", `${images} more images; sums hold 0 to ${MAX_IMAGES}`, {
        field: "num_images",
      });
    this.#count += images;
  }
}

/** Adds an integer below 2^52 to a digit and carries to the next. */
function carry(digit: Float64Array, next: Float64Array, at: number, value: number): void {
  const total = digit[at]! + value;
  const over = Math.floor(total / BASE + 0.5);
  digit[at] = total - over * BASE;
  next[at]! += over;
}
