/** @file Cubic resampling along one axis as PyTorch's interpolate(mode="bicubic", align_corners=False) weighs it. */

/** For every destination: its first source and the weights from there on. */
export interface Taps {
  /** Sources per destination. */
  readonly count: number;
  readonly first: Int32Array;
  /** [destinations, count]; unused ones are 0. */
  readonly weights: Float64Array;
}

/** The cubic convolution kernel: 1 at 0, 0 at all other whole numbers and from 2 on; a is its slope at 1. */
function cubic(x: number, a: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/**
 * Four sources around source = (destination + 1/2) step - 1/2, a = -0.75; those outside are the border's element.
 * @param step sources per destination
 */
export function cubicTaps(sources: number, destinations: number, step: number): Taps {
  const count = Math.min(4, sources);
  const first = new Int32Array(destinations);
  const weights = new Float64Array(destinations * count);
  for (let i = 0; i < destinations; i++) {
    const source = (i + 0.5) * step - 0.5;
    const start = Math.floor(source) - 1;
    first[i] = Math.max(0, Math.min(sources - count, start));
    for (let k = 0; k < 4; k++) {
      const clamped = Math.max(0, Math.min(sources - 1, start + k));
      weights[i * count + clamped - first[i]!]! += cubic(source - start - k, -0.75);
    }
  }
  return { count, first, weights };
}

/**
 * The antialiased kernel, a = -0.5, as wide as the step when that shrinks; sources outside are left out and the rest's
 * weights brought to a sum of 1.
 */
export function antialiasedTaps(sources: number, destinations: number): Taps {
  const step = sources / destinations;
  const width = Math.max(step, 1);
  const count = Math.min(sources, Math.ceil(2 * width) * 2 + 1);
  const first = new Int32Array(destinations);
  const weights = new Float64Array(destinations * count);
  for (let i = 0; i < destinations; i++) {
    const center = (i + 0.5) * step;
    const start = Math.max(0, Math.floor(center - 2 * width + 0.5));
    const end = Math.min(sources, Math.floor(center + 2 * width + 0.5));
    first[i] = Math.min(start, sources - count);
    let total = 0;
    for (let j = start; j < end; j++) {
      const weight = cubic((j - center + 0.5) / width, -0.5);
      weights[i * count + j - first[i]!] = weight;
      total += weight;
    }
    for (let k = 0; k < count; k++) weights[i * count + k]! /= total;
  }
  return { count, first, weights };
}
