/** @file Stored samples in units of the training data. */
import type { Encoding } from "@tandem/networks";
import type { Draws } from "./draws.js";

/**
 * Writes samples into `images` [n, C, H, W].
 * @param data  as the dataset stores them
 * @param first place in the run of the first sample: draws of latents depend on it
 */
export type Encode = (data: Uint8Array | Float32Array, first: number, draws: Draws, images: Float32Array) => void;

/**
 * Pixels x / 127.5 - 1. Latents (mean + std n) scale + bias, n drawn anew whenever a sample is seen (numerics, section 8).
 * @param size elements of one sample of the network
 */
export function encoder(encoding: Encoding, size: number): Encode {
  if (encoding.kind === "rgb")
    return (data, _first, _draws, images) => {
      for (let i = 0; i < images.length; i++) images[i] = data[i]! / 127.5 - 1;
    };
  const { rawMean, rawStd, finalMean, finalStd } = encoding;
  const scales = rawStd.map((std) => finalStd / std);
  const biases = rawMean.map((mean, c) => finalMean - mean * scales[c]!);
  const area = size / rawMean.length;
  const normals = new Float32Array(size);
  return (data, first, draws, images) => {
    for (let n = 0; n < images.length / size; n++) {
      draws.normal("posterior", first + n, normals);
      const means = data.subarray(2 * n * size, (2 * n + 1) * size);
      const stds = data.subarray((2 * n + 1) * size, (2 * n + 2) * size);
      for (let i = 0; i < size; i++) {
        const c = Math.floor(i / area);
        images[n * size + i] = (means[i]! + stds[i]! * normals[i]!) * scales[c]! + biases[c]!;
      }
    }
  };
}
