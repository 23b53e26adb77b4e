/** @file Philox4x32-10: random bits as a function of a counter. */

/**
 * Writes four words for a counter and a key into `out`.
 * @param out     Uint32Array of 4: the counter on entry, the random words on return
 * @param keyLow  lower word of the key
 * @param keyHigh upper word of the key
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3
 */
export function philox4x32(out: Uint32Array, keyLow: number, keyHigh: number): void {
  let [c0, c1, c2, c3] = out as unknown as [number, number, number, number];
  let k0 = keyLow | 0;
  let k1 = keyHigh | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Upper 32 bits of the product of two unsigned words: float64 holds a 32 by 16 bit product exactly. */
function multiplyHigh(a: number, b: number): number {
  const low = a * (b & 0xffff);
  const high = a * (b >>> 16);
  return Math.floor((high + Math.floor(low / 0x10000)) / 0x10000);
}
