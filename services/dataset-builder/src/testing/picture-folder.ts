/** @file For tests: files in a folder, and pictures to put there. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** Writes files, with the folders that they lie in. */
export async function putFiles(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** A PNG of one colour. */
export const plainPng = (red: number, side = 4): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: red, g: 10, b: 20 } } })
    .png()
    .toBuffer();

/** A PNG that does not compress; another one for every seed. */
export const noisyPng = (side: number, seed = 31): Promise<Buffer> =>
  sharp(Buffer.from(Array.from({ length: side * side * 3 }, (_, i) => (i * i * seed) % 251)), {
    raw: { width: side, height: side, channels: 3 },
  })
    .png({ compressionLevel: 1 })
    .toBuffer();
