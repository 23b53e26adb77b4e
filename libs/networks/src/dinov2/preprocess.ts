/** @file Images as the FD-DINOv2's network takes them: resized as floats, scaled to ImageNet's statistics. */
import type { Pixels } from "../features/pixels.js";
import { antialiasedTaps } from "./cubic.js";

const size = 224;
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

/**
 * Antialiased bicubic resizing to 224x224 without rounding or clamping in between, then (x / 255 - mean) / std of each channel.
 * @param target [3,224,224]
 */
export function dinov2Preprocess({ width, height, data }: Pixels, target: Float32Array): void {
  const horizontal = antialiasedTaps(width, size);
  const vertical = antialiasedTaps(height, size);
  const rows = new Float32Array(3 * height * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < size; x++) {
        let sum = 0;
        let at = (y * width + horizontal.first[x]!) * 3 + channel;
        for (let k = x * horizontal.count; k < (x + 1) * horizontal.count; k++, at += 3)
          sum += horizontal.weights[k]! * data[at]!;
        rows[(channel * height + y) * size + x] = sum;
      }
    }
  }
  const line = new Float64Array(size);
  for (let channel = 0; channel < 3; channel++) {
    const [factor, shift] = [1 / 255 / std[channel]!, mean[channel]! / std[channel]!];
    for (let y = 0; y < size; y++) {
      line.fill(0);
      for (let k = 0; k < vertical.count; k++) {
        const weight = vertical.weights[y * vertical.count + k]!;
        if (weight === 0) continue;
        const source = (channel * height + vertical.first[y]! + k) * size;
        for (let x = 0; x < size; x++) line[x]! += weight * rows[source + x]!;
      }
      const row = (channel * size + y) * size;
      for (let x = 0; x < size; x++) target[row + x] = line[x]! * factor - shift;
    }
  }
}
