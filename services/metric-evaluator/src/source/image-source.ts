/** @file Images to measure, by their positions in a record. */
import type { Pixels } from "@tandem/networks";

/** Some images of a record. */
export interface ImageBatch {
  /** Positions in the record, 0 to numImages - 1. */
  readonly positions: readonly number[];
  readonly images: readonly Pixels[];
  /** Of each image, for errors: a file, or a seed. */
  readonly names: readonly string[];
}

/** Where images come from. */
export interface ImageSource extends AsyncDisposable {
  /** SHA-256 of what decides the images, and not of where they lie. */
  readonly digest: string;
  /** Images of a record when so many are asked for; 0 asks for all. */
  count(numImages: number): number;
  /** By model name; empty for files. */
  readonly weightsDigests: Readonly<Record<string, string>>;
  /**
   * The images at some positions of a record, in any order and any batches of at most `batchSize`.
   * @throws DomainError naming file or server; the signal's reason
   */
  batches(
    seed: number,
    positions: readonly number[],
    batchSize: number,
    signal: AbortSignal,
  ): AsyncIterable<ImageBatch>;
}
