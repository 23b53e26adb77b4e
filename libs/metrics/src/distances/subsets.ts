/** @file Subsets drawn from a seed. The generator is part of what a seed means, and never changes. */

/**
 * `size` of the numbers 0 to count - 1, each once: the first places of a Fisher-Yates shuffle. Its numbers are SplitMix64 (Steele
 * et al. 2014), started at mix(seed) xor (2 subset + side), of which the upper 53 bits are scaled to the places that are left.
 */
export function drawSubset(count: number, size: number, seed: bigint, subset: number, side: 0 | 1): Uint32Array {
  let state = splitMix(BigInt.asUintN(64, seed)) ^ BigInt(subset * 2 + side);
  const places = new Map<number, number>(); // what stands where it did not at first
  const chosen = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    const place = i + Math.floor((Number(splitMix(state) >> 11n) / 2 ** 53) * (count - i));
    chosen[i] = places.get(place) ?? place;
    places.set(place, places.get(i) ?? i);
  }
  return chosen;
}

function splitMix(state: bigint): bigint {
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
