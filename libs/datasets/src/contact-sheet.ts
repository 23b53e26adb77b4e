/** @file Some images of a dataset side by side, to look at. */
import { invalid } from "@tandem/errors";
import sharp from "sharp";
import type { Dataset } from "./dataset.js";
import { invalidDataset } from "./invalid-dataset.js";
import { permutation } from "./permutation.js";
import { MAX_PIXELS } from "./pictures/max-pixels.js";

/** What a contact sheet shows. */
export interface ContactSheetOptions {
  /** Images beside each other, 1 to 100; 8 by default. */
  readonly columns?: number;
  /** Images below each other, 1 to 100; 8 by default. */
  readonly rows?: number;
  /** Which images: as many as fit, drawn by it without one coming twice; 0 by default. */
  readonly seed?: bigint;
}

const MOST = 100;

/**
 * A PNG of images of a dataset, in the order in which they were drawn, row by row; small datasets leave black.
 * @throws DomainError FIELD_INVALID (columns, rows, or a sheet of more than 2^26 pixels); DATASET_INVALID (latents, or an image that is
 *   damaged)
 */
export async function contactSheet(dataset: Dataset, options: ContactSheetOptions = {}): Promise<Buffer> {
  const { columns = 8, rows = 8, seed = 0n } = options;
  for (const [field, number] of Object.entries({ columns, rows }))
    if (!Number.isInteger(number) || number < 1 || number > MOST)
      throw invalid(field, number, `a whole number from 1 to ${MOST}`);
  if (dataset.kind !== "images")
    throw invalidDataset(dataset.names[0]!, "is a latent; a contact sheet shows images: decode the dataset first");
  const [channels, height, width] = dataset.shape as [number, number, number];
  if (columns * width * rows * height > MAX_PIXELS)
    throw invalid("columns", columns, `fewer: ${columns}x${rows} images of ${width}x${height} are too many pixels`);
  const order = permutation(dataset.count, seed, 0);
  const sheet = Buffer.alloc(columns * width * rows * height * channels);
  const shown = Math.min(columns * rows, dataset.count);
  // A row at a time: the samples of a whole sheet would double its memory.
  for (let first = 0; first < shown; first += columns) {
    const indices = [...order.subarray(first, Math.min(first + columns, shown))];
    const images = (await dataset.read(indices)) as Uint8Array;
    for (let i = 0; i < indices.length; i++) {
      const image = images.subarray(i * channels * height * width, (i + 1) * channels * height * width);
      const corner = ((first / columns) * height * columns + i) * width * channels;
      interleave(image, sheet, { channels, height, width }, corner, columns * width * channels);
    }
  }
  return sharp(sheet, { raw: { width: columns * width, height: rows * height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Puts an image [C, H, W] into the sheet [rows, columns, C] with its corner at `corner`. */
function interleave(
  image: Uint8Array,
  sheet: Uint8Array,
  { channels, height, width }: { channels: number; height: number; width: number },
  corner: number,
  line: number,
): void {
  const area = height * width;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) sheet[corner + y * line + x * channels + c] = image[c * area + y * width + x]!;
}
