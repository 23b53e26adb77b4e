/** @file The picture of a sweep: a row for every EMA length, a column for every seed. */
import { DomainError } from "@tandem/errors";
import sharp from "sharp";

/** Pixels that a picture may have. */
const LARGEST = 2 ** 28;

/**
 * Puts images of equal size together, without gaps.
 * @param rows paths of PNGs, equally many in each row
 * @returns a PNG
 * @throws DomainError LIMIT_EXCEEDED when it would have more than 2^28 pixels
 */
export async function sweepPicture(rows: readonly (readonly string[])[]): Promise<Buffer> {
  const { width = 0, height = 0 } = await sharp(rows[0]![0]).metadata();
  const columns = rows[0]!.length;
  const size = { width: width * columns, height: height * rows.length };
  if (size.width * size.height > LARGEST)
    throw new DomainError(
      "LIMIT_EXCEEDED",
      `--grid: ${size.width}x${size.height} pixels; take fewer seeds or lengths`,
      {
        field: "grid",
      },
    );
  const placed = rows.flatMap((row, y) => row.map((input, x) => ({ input, left: x * width, top: y * height })));
  return sharp({ create: { ...size, channels: 3, background: "black" } })
    .composite(placed)
    .removeAlpha()
    .png({ compressionLevel: 9 })
    .toBuffer();
}
