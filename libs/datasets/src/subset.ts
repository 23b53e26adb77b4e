/** @file A random part of many images: those that NumPy shuffles to the front (numerics, section 6). */
import { MersenneTwister } from "@tandem/diffusion";

/**
 * `RandomState(seed).shuffle(arange(count))[:size]`, sorted: from the last place down, each is swapped with one drawn by rejection
 * under the smallest mask of ones.
 * @param seed unsigned 32 bits
 */
export function shuffledSubset(count: number, size: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const twister = new MersenneTwister(seed);
  for (let last = count - 1; last > 0; last--) {
    const mask = 2 ** (32 - Math.clz32(last)) - 1;
    let place: number;
    do place = (twister.next() & mask) >>> 0;
    while (place > last);
    [order[last], order[place]] = [order[place]!, order[last]!];
  }
  return order.subarray(0, size).sort();
}
