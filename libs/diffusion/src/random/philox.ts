/** @file Philox4x32-10: random bits as a function of a counter. */

/**
 * Writes four words for a counter and a key into `out`.
 * @param out     Uint32Array of 4: the counter on entry, the random words on return
 * @param keyLow  lower word of the key
 * @param keyHigh upper word of the key
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3
 */
export function philox4x32(out: Uint32Array, keyLow: number, keyHigh: number): void {
  let c0 = out[0]!;
  let c1 = out[1]!;
  let c2 = out[2]!;
  let c3 = out[3]!;
  let k0 = keyLow | 0;
  let k1 = keyHigh | 0;
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high0 = multiplyHigh(0xd2511f53, c0, low0);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    const high1 = multiplyHigh(0xcd9e8d57, c2, low1);
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

/** Upper 32 bits of a product whose lower are known: what is left of the float64 product is a multiple of 2^32, nearly. */
function multiplyHigh(a: number, b: number, low: number): number {
  return ((a * b - low) * 2 ** -32 + 0.5) >>> 0;
}
