// asc: --importMemory
// The two passes of 8-bit resampling: weighted sums of pixels in fixed point with 22 bits of fraction, rounded and clamped (numerics,
// section 7). Images are [rows, pixels, 3] uint8, with 16 writable bytes behind them. Pointers are bytes. Output i is the sum over k of
// w[i, k] * input[first[i] + k], k < counts[i].
//
// Products of pairs of 16-bit numbers are what vector units are best at, so a weight is 2^11 high + low, and a table holds for every
// output `pairs` pairs of taps: two high halves, then two low ones, as int16; behind the last tap they are 0. The sums are the same
// integers as without that.

const HALF: i32 = 1 << 21;
const BITS: i32 = 22;
const LOW_BITS: i32 = 11;

// @ts-ignore: decorator
@inline
function sumOf(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, LOW_BITS), low), BITS);
}

/** Along rows: [rows, width, 3] to [rows, outputs, 3]. Reads up to 25 bytes behind the image, whatever is there. */
export function horizontal(
  from: usize, rows: i32, width: i32, to: usize, outputs: i32, first: usize, counts: usize, weights: usize, pairs: i32,
): void {
  const none = i16x8.splat(0);
  // Red, green and blue of pixels 0 and 1, and of 2 and 3, side by side as 16-bit numbers.
  const left = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const right = i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  for (let row = 0; row < rows; row++) {
    const line = from + <usize>row * width * 3;
    let out = to + <usize>row * outputs * 3;
    for (let i = 0; i < outputs; i++) {
      let at = line + <usize>load<i32>(first + (<usize>i << 2)) * 3;
      let weight = weights + ((<usize>i * pairs) << 3);
      const end = weight + (<usize>((load<i32>(counts + (<usize>i << 2)) + 3) >> 2) << 4);
      let high = none;
      let low = i32x4.splat(HALF);
      for (; weight < end; weight += 16) {
        const pixels = v128.load(at);
        const a = i8x16.swizzle(pixels, left);
        const b = i8x16.swizzle(pixels, right);
        high = i32x4.add(high, i32x4.dot_i16x8_s(a, v128.load32_splat(weight)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(a, v128.load32_splat(weight, 4)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(b, v128.load32_splat(weight, 8)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(b, v128.load32_splat(weight, 12)));
        at += 12;
      }
      const sum = sumOf(high, low);
      v128.store_lane<u32>(out, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(sum, sum), none), 0);
      out += 3;
    }
  }
}

/** Down columns: [height, bytes] to [outputs, bytes]. Writes up to 15 bytes behind the last row. */
export function vertical(
  from: usize, bytes: i32, to: usize, outputs: i32, first: usize, counts: usize, weights: usize, pairs: i32,
): void {
  for (let i = 0; i < outputs; i++) {
    const top = from + <usize>load<i32>(first + (<usize>i << 2)) * bytes;
    const count = load<i32>(counts + (<usize>i << 2));
    const begin = weights + ((<usize>i * pairs) << 3);
    const end = begin + (<usize>((count + 1) >> 1) << 3);
    const whole = begin + (<usize>(count >> 1) << 3);
    const out = to + <usize>i * bytes;
    for (let x: usize = 0; x < <usize>bytes; x += 16) {
      let at = top + x;
      let aHigh = i32x4.splat(0);
      let bHigh = aHigh;
      let cHigh = aHigh;
      let dHigh = aHigh;
      let aLow = i32x4.splat(HALF);
      let bLow = aLow;
      let cLow = aLow;
      let dLow = aLow;
      for (let weight = begin; weight < end; weight += 8) {
        const upper = v128.load(at);
        // The second row of the last pair may not be there: its weight is 0.
        const lower = v128.load(weight < whole ? at + bytes : at);
        const near = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const far = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const high = v128.load32_splat(weight);
        const low = v128.load32_splat(weight, 4);
        const a = i16x8.extend_low_i8x16_u(near);
        const b = i16x8.extend_high_i8x16_u(near);
        const c = i16x8.extend_low_i8x16_u(far);
        const d = i16x8.extend_high_i8x16_u(far);
        aHigh = i32x4.add(aHigh, i32x4.dot_i16x8_s(a, high));
        aLow = i32x4.add(aLow, i32x4.dot_i16x8_s(a, low));
        bHigh = i32x4.add(bHigh, i32x4.dot_i16x8_s(b, high));
        bLow = i32x4.add(bLow, i32x4.dot_i16x8_s(b, low));
        cHigh = i32x4.add(cHigh, i32x4.dot_i16x8_s(c, high));
        cLow = i32x4.add(cLow, i32x4.dot_i16x8_s(c, low));
        dHigh = i32x4.add(dHigh, i32x4.dot_i16x8_s(d, high));
        dLow = i32x4.add(dLow, i32x4.dot_i16x8_s(d, low));
        at += bytes * 2;
      }
      const left = i16x8.narrow_i32x4_s(sumOf(aHigh, aLow), sumOf(bHigh, bLow));
      const right = i16x8.narrow_i32x4_s(sumOf(cHigh, cLow), sumOf(dHigh, dLow));
      v128.store(out + x, i8x16.narrow_i16x8_u(left, right));
    }
  }
}

/**
 * Both passes of the box filter for half the size: [2 height, 2 width, 3] to [height, width, 3]. Both weights are a half then, and the
 * rounded mean of two bytes is one instruction. Reads up to 18 bytes behind the image, whatever is there; writes up to 13.
 */
export function halve(from: usize, to: usize, width: i32, height: i32, columnsFirst: bool): void {
  const line: usize = <usize>width * 6;
  for (let y = 0; y < height; y++) {
    let upper = from + <usize>y * 2 * line;
    let out = to + <usize>y * width * 3;
    for (let x = 0; x < width; x += 4) {
      const lower = upper + line;
      // Pixels 0 to 7: their bytes 0 to 15, and 8 to 23.
      const a = v128.load(upper);
      const b = v128.load(upper, 8);
      const c = v128.load(lower);
      const d = v128.load(lower, 8);
      v128.store(
        out,
        columnsFirst
          ? meanOfPairs(i8x16.avgr_u(a, c), i8x16.avgr_u(b, d))
          : i8x16.avgr_u(meanOfPairs(a, b), meanOfPairs(c, d)),
      );
      upper += 24;
      out += 12;
    }
  }
}

/** The means of pixels 0 and 1, 2 and 3, 4 and 5, 6 and 7. */
// @ts-ignore: decorator
@inline
function meanOfPairs(a: v128, b: v128): v128 {
  const even = i8x16.shuffle(a, b, 0, 1, 2, 6, 7, 8, 12, 13, 14, 26, 27, 28, 0, 0, 0, 0);
  const odd = i8x16.shuffle(a, b, 3, 4, 5, 9, 10, 11, 15, 24, 25, 29, 30, 31, 0, 0, 0, 0);
  return i8x16.avgr_u(even, odd);
}
