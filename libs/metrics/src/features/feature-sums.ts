/** @file Sums of features and of their products that are exact: the same however images are split, batched, merged or ordered. */
import { DomainError } from "@tandem/errors";
import type { Gaussian } from "../gaussian.js";
import { inBackground } from "../thread/background.js";
import { BATCH } from "./add-products.js";
import { addDigits, checkDigits, checkRange, MAX_IMAGES, OUTER_DIGITS, SUM_DIGITS } from "./fixed-point.js";

/** Totals as they are stored: digit k counts 2^(44 k) units; the unit is 2^-30 for sums and 2^-60 for products. */
export interface FeatureParts {
  readonly numImages: number;
  /** Sums of the features: 2 digits, each [d]. */
  readonly sum: readonly Float64Array[];
  /** Sums of the outer products: 3 digits, each [d, d], symmetric. */
  readonly outer: readonly Float64Array[];
}

/**
 * Adds up features. Whatever the order, the batches and the shards, the same images give the same statistics to the last bit
 * (docs/decisions/070). Products are made on a thread; memory depends on the width d alone: about 24 d^2 bytes.
 */
export class FeatureSums {
  readonly #sum: readonly Float64Array[];
  readonly #outer: readonly Float64Array[];
  /** Images that are not in the totals yet. */
  #rows: Float32Array<ArrayBuffer>;
  #waiting = 0;
  #count = 0;
  /** Until the last batch, and the one before it, are in the totals. */
  #last: Promise<void> = Promise.resolve();
  #before: Promise<void> = Promise.resolve();

  /** @param dim features of an image, d */
  constructor(readonly dim: number) {
    if (!Number.isInteger(dim) || dim < 1)
      throw new DomainError("FIELD_INVALID", `dim is ${dim}; it must be a positive integer`, { field: "dim" });
    this.#sum = Array.from({ length: SUM_DIGITS }, () => shared(dim));
    this.#outer = Array.from({ length: OUTER_DIGITS }, () => shared(dim * dim));
    this.#rows = new Float32Array(BATCH * dim);
  }

  /** Totals as `parts` gave them. @throws DomainError SHAPE_MISMATCH, FIELD_INVALID when they are no such totals */
  static fromParts(dim: number, parts: FeatureParts): FeatureSums {
    const sums = new FeatureSums(dim);
    const isFit =
      parts.sum.length === SUM_DIGITS &&
      parts.outer.length === OUTER_DIGITS &&
      parts.sum.every((digit) => digit.length === dim) &&
      parts.outer.every((digit) => digit.length === dim * dim);
    if (!isFit) throw new DomainError("SHAPE_MISMATCH", `these sums are not of ${dim} features an image`);
    checkDigits(parts.sum, "sum");
    checkDigits(parts.outer, "outer_sum");
    sums.#grow(parts.numImages);
    for (const [i, digit] of parts.sum.entries()) sums.#sum[i]!.set(digit);
    for (const [i, digit] of parts.outer.entries()) sums.#outer[i]!.set(digit);
    return sums;
  }

  /** Images added. */
  get n(): number {
    return this.#count;
  }

  /**
   * Adds images. The rows are taken before this returns; wait for it before the next, so that memory stays flat.
   * @param rows features [images, d], each above -8192 and below 8192
   * @throws DomainError SHAPE_MISMATCH, NOT_FINITE or FIELD_INVALID naming the image; nothing is added then
   */
  async add(rows: Float32Array): Promise<void> {
    const { dim } = this;
    if (rows.length % dim !== 0)
      throw new DomainError("SHAPE_MISMATCH", `${rows.length} features are no rows of ${dim}`);
    checkRange(rows, dim, this.#count);
    this.#grow(rows.length / dim);
    for (let at = 0; at < rows.length; ) {
      const count = Math.min(rows.length - at, (BATCH - this.#waiting) * dim);
      this.#rows.set(rows.subarray(at, at + count), this.#waiting * dim);
      this.#waiting += count / dim;
      at += count;
      if (this.#waiting === BATCH) this.#send();
    }
    await this.#before; // one batch is on its way while the next comes in
  }

  /** Adds the images of others of the same width, which stay as they are. @throws DomainError SHAPE_MISMATCH */
  async merge(other: FeatureSums): Promise<void> {
    if (other.dim !== this.dim)
      throw new DomainError(
        "SHAPE_MISMATCH",
        `sums of ${other.dim} features an image cannot be added to those of ${this.dim}`,
      );
    await Promise.all([this.#settled(), other.#settled()]);
    this.#grow(other.#count);
    addDigits(this.#sum, other.#sum);
    addDigits(this.#outer, other.#outer);
  }

  /** The totals, for storing. They are copies. */
  async parts(): Promise<FeatureParts> {
    await this.#settled();
    await inBackground("mirror", { dim: this.dim, matrices: this.#outer });
    const copies = (digits: readonly Float64Array[]) => digits.map((digit) => new Float64Array(digit));
    return { numImages: this.#count, sum: copies(this.#sum), outer: copies(this.#outer) };
  }

  /** Mean and covariance. @throws DomainError TOO_FEW_IMAGES below two images */
  async statistics(): Promise<Gaussian> {
    if (this.#count < 2)
      throw new DomainError("TOO_FEW_IMAGES", `a covariance needs 2 images, and there are ${this.#count}`);
    await this.#settled();
    return inBackground("gaussianOf", { dim: this.dim, numImages: this.#count, sum: this.#sum, outer: this.#outer });
  }

  /** All images are in the totals. */
  async #settled(): Promise<void> {
    if (this.#waiting > 0) this.#send();
    await this.#last;
  }

  #send(): void {
    const rows = this.#rows.subarray(0, this.#waiting * this.dim);
    this.#rows = new Float32Array(BATCH * this.dim);
    this.#waiting = 0;
    const added = inBackground("addProducts", { dim: this.dim, rows, sum: this.#sum, outer: this.#outer }, [
      rows.buffer,
    ]);
    // Once lost, always lost: what comes later fails like the first.
    this.#before = this.#last;
    this.#last = this.#last.then(() => added);
    this.#last.catch(() => undefined); // whoever waits for it hears of it
  }

  #grow(images: number): void {
    if (!Number.isInteger(images) || images < 0 || this.#count + images > MAX_IMAGES)
      throw new DomainError(
        "FIELD_INVALID",
        `${images} images more than ${this.#count}; sums hold up to ${MAX_IMAGES}`,
        {
          field: "num_images",
        },
      );
    this.#count += images;
  }
}

const shared = (count: number) => new Float64Array(new SharedArrayBuffer(count * 8));
