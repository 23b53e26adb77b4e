/** @file For tests: a detector of a few thousand weights, and images that a seed decides. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { featureNetworkConfig, featureTensors, writeFeatureNetwork } from "@tandem/networks";
import { hashStream, hashTensors } from "@tandem/networks/testing";
import sharp from "sharp";

/** A transformer over 7x7 patches: published structure, small extents. */
const config = featureNetworkConfig({
  kind: "dinov2",
  embedDim: 24,
  depth: 2,
  numHeads: 2,
  patchSize: 32,
  imageSize: 224,
});

/** Writes a detector whose weights follow from a word. */
export async function writeDetector(path: string, word = "tiny"): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const tensors = hashTensors(`${word}/`, featureTensors(config));
  await writeFeatureNetwork(path, { config, tensors, digest: "" });
}

/** Pixels of an image, [size, size, 3]: a soft pattern, so that images differ as pictures do. */
export function pixelsOf(seed: number, size: number): Uint8Array {
  const [fx, fy, phase, red, green, blue] = [...hashStream(`image ${seed}`, 6)].map((draw) => draw / 2 ** 32);
  return Uint8Array.from({ length: size * size * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    const wave = Math.sin((x * fx! + y * fy!) * 0.7 + 6 * phase!) * 0.5 + 0.5;
    return Math.floor(255 * wave * [red!, green!, blue!][i % 3]!);
  });
}

/** Writes images as PNGs, one a seed. @returns the folder's URI */
export async function writeImages(folder: string, seeds: readonly number[], size = 16): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const seed of seeds)
    await sharp(pixelsOf(seed, size), { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toFile(join(folder, `${String(seed).padStart(6, "0")}.png`));
  return `${pathToFileURL(folder).href}/`;
}

/** Whole numbers from `first` on. */
export const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
