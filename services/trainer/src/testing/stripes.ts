/** @file For tests: a dataset of small pictures that are made, classes of stripes. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

/** Writes a folder of square RGB images, a folder a class: lying stripes and upright ones by turns, each image of another colour. */
export async function writeStripes(folder: string, count: number, { side = 8, classes = 2 } = {}): Promise<void> {
  for (let i = 0; i < count; i++) {
    const kind = join(folder, `class${i % classes}`);
    await mkdir(kind, { recursive: true });
    const pixels = Buffer.alloc(side * side * 3);
    for (let pixel = 0; pixel < side * side; pixel++) {
      const along = (i % classes) % 2 === 0 ? Math.floor(pixel / side) : pixel % side;
      pixels.fill((along + Math.floor(i / classes)) % 2 === 0 ? 255 - i : i, 3 * pixel, 3 * pixel + 3);
    }
    const raw = { width: side, height: side, channels: 3 as const };
    await writeFile(join(kind, `${i}.png`), await sharp(pixels, { raw }).png().toBuffer());
  }
}
