/** @file Eight-bit pixels and what encoder and decoder see of them (numerics, section 8). */
import { DomainError } from "@tandem/errors";

/** Pixels / 255: 0 to 1, not -1 to 1. */
export function toUnit(pixels: Uint8Array): Float32Array {
  const units = Float32Array.from({ length: 256 }, (_, value) => value / 255);
  const result = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = units[pixels[i]!]!;
  return result;
}

/** Clamped to 0 to 1, times 255, truncated. @throws DomainError NOT_FINITE */
export function toPixels(image: Float32Array): Uint8Array {
  const pixels = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const value = image[i]!;
    if (Number.isNaN(value)) throw new DomainError("NOT_FINITE", "the decoder gave a pixel that is no number");
    pixels[i] = Math.trunc(Math.fround(Math.min(Math.max(value, 0), 1) * 255));
  }
  return pixels;
}
