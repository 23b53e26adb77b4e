/** @file Images as the FID's Inception-v3 takes them: resized as TensorFlow 1 did. */
import type { Pixels } from "../features/pixels.js";

const size = 299;
const { fround } = Math;

/**
 * Bilinear resizing to 299x299 with TensorFlow 1's alignment: source = destination * in / out without half a pixel, the upper
 * neighbour clamped to the border. Every step rounds to float32, x before y, as the original computes: bit for bit.
 * Also for images that are 299x299 already, where it changes nothing.
 * @param target [3,299,299], values 0 to 255
 */
export function inceptionPreprocess({ width, height, data }: Pixels, target: Float32Array): void {
  const columns = neighbours(width);
  const upper = new Float32Array(size);
  const lower = new Float32Array(size);
  const rows = neighbours(height);
  for (let channel = 0; channel < 3; channel++) {
    let at = channel * size * size;
    for (let y = 0; y < size; y++) {
      interpolate(data, rows.low[y]! * width * 3 + channel, columns, upper);
      interpolate(data, rows.high[y]! * width * 3 + channel, columns, lower);
      const weight = rows.weight[y]!;
      for (let x = 0; x < size; x++, at++) {
        const top = upper[x]!;
        target[at] = fround(top + fround(fround(lower[x]! - top) * weight));
      }
    }
  }
}

/** Of every destination along an axis: its two sources, and how far it lies between them. */
interface Neighbours {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float32Array;
}

function neighbours(extent: number): Neighbours {
  const scale = fround(extent / size);
  const low = new Int32Array(size);
  const high = new Int32Array(size);
  const weight = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const source = fround(i * scale);
    low[i] = Math.floor(source);
    high[i] = Math.min(low[i]! + 1, extent - 1);
    weight[i] = fround(source - low[i]!);
  }
  return { low, high, weight };
}

/** One row of the source, one channel, at every column of the destination. */
function interpolate(data: Uint8Array, start: number, { low, high, weight }: Neighbours, row: Float32Array): void {
  for (let x = 0; x < size; x++) {
    const left = data[start + low[x]! * 3]!;
    const right = data[start + high[x]! * 3]!;
    row[x] = fround(left + fround((right - left) * weight[x]!));
  }
}
