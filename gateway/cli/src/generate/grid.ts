/** @file All images in one. */
import { DomainError } from "@tandem/errors";
import sharp from "sharp";

/** Pixels, one image. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3]. */
  readonly data: Uint8Array;
}

/** Memory that a grid may take, bytes. */
const LARGEST = 2 ** 30;

/** Columns of a grid: the smallest whole rectangle that is at least as wide as high and at most twice; else the next square. */
export function gridColumns(count: number): number {
  const square = Math.ceil(Math.sqrt(count));
  for (let columns = square; columns * columns <= 2 * count; columns++) if (count % columns === 0) return columns;
  return square;
}

/**
 * Images row by row in one PNG, without gaps.
 * @throws DomainError LIMIT_EXCEEDED when it would take more than a gigabyte, MODEL_INCOMPATIBLE when sizes differ
 */
export class Grid {
  private canvas: Buffer | undefined;
  private width = 0;
  private height = 0;
  private readonly columns: number;

  constructor(private readonly count: number) {
    this.columns = gridColumns(count);
  }

  /** Puts an image at its place, counted from the top left. */
  place(index: number, { width, height, data }: Pixels): void {
    this.canvas ??= this.allocate(width, height);
    if (width !== this.width || height !== this.height)
      throw new DomainError(
        "MODEL_INCOMPATIBLE",
        `--grid: images of ${this.width}x${this.height} and ${width}x${height} pixels`,
      );
    const rowBytes = width * 3;
    const corner = (Math.floor(index / this.columns) * height * this.columns + (index % this.columns)) * rowBytes;
    for (let y = 0; y < height; y++)
      this.canvas.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), corner + y * this.columns * rowBytes);
  }

  /** The PNG. */
  encode(): Promise<Buffer> {
    if (!this.canvas) throw new DomainError("TOO_FEW_IMAGES", "--grid: there is no image");
    const [width, height] = [this.width * this.columns, this.height * Math.ceil(this.count / this.columns)];
    return sharp(this.canvas, { raw: { width, height, channels: 3 } })
      .png({ compressionLevel: 9 })
      .toBuffer();
  }

  private allocate(width: number, height: number): Buffer {
    [this.width, this.height] = [width, height];
    const bytes = width * height * 3 * this.columns * Math.ceil(this.count / this.columns);
    if (bytes > LARGEST)
      throw new DomainError(
        "LIMIT_EXCEEDED",
        `--grid: ${this.count} images of ${width}x${height} pixels are too many for one file; use fewer seeds`,
      );
    return Buffer.alloc(bytes);
  }
}

/** Pixels of an encoded image. */
export async function decodeImage(encoded: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(encoded)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}
