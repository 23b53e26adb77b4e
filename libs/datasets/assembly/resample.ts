// asc: --importMemory
// The two passes of 8-bit resampling: weighted sums of pixels in fixed point with 22 bits of fraction, rounded and clamped (numerics,
// section 7). Images are [rows, pixels, 3] uint8, with 16 readable bytes behind them. Pointers are bytes. Output i is the sum over k of
// weights[i * size + k] * input[first[i] + k], k < counts[i].

const HALF: i32 = 1 << 21;
const BITS: i32 = 22;

// @ts-ignore: decorator
@inline
function clamped(sum: v128): v128 {
  const shifted = i32x4.shr_s(sum, BITS);
  return i16x8.narrow_i32x4_s(shifted, shifted);
}

/** Along rows: [rows, width, 3] to [rows, outputs, 3]. Writes one byte behind the last pixel. */
export function horizontal(
  from: usize, rows: i32, width: i32, to: usize, outputs: i32, first: usize, counts: usize, weights: usize, size: i32,
): void {
  const none = i16x8.splat(0);
  for (let row = 0; row < rows; row++) {
    const line = from + <usize>row * width * 3;
    let out = to + <usize>row * outputs * 3;
    for (let i = 0; i < outputs; i++) {
      let at = line + <usize>load<i32>(first + (<usize>i << 2)) * 3;
      let weight = weights + ((<usize>i * size) << 2);
      const end = weight + (<usize>load<i32>(counts + (<usize>i << 2)) << 2);
      let sum = i32x4.splat(HALF);
      for (; weight < end; weight += 4) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
        sum = i32x4.add(sum, i32x4.mul(pixel, v128.load32_splat(weight)));
        at += 3;
      }
      v128.store_lane<u32>(out, i8x16.narrow_i16x8_u(clamped(sum), none), 0);
      out += 3;
    }
  }
}

/** Down columns: [height, bytes] to [outputs, bytes]. Writes up to 15 bytes behind the last row. */
export function vertical(
  from: usize, bytes: i32, to: usize, outputs: i32, first: usize, counts: usize, weights: usize, size: i32,
): void {
  for (let i = 0; i < outputs; i++) {
    const top = from + <usize>load<i32>(first + (<usize>i << 2)) * bytes;
    const begin = weights + ((<usize>i * size) << 2);
    const end = begin + (<usize>load<i32>(counts + (<usize>i << 2)) << 2);
    const out = to + <usize>i * bytes;
    for (let x: usize = 0; x < <usize>bytes; x += 16) {
      let at = top + x;
      let a = i32x4.splat(HALF);
      let b = a;
      let c = a;
      let d = a;
      for (let weight = begin; weight < end; weight += 4) {
        const w = v128.load32_splat(weight);
        const pixels = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(pixels);
        const high = i16x8.extend_high_i8x16_u(pixels);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), w));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), w));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), w));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), w));
        at += bytes;
      }
      const left = i16x8.narrow_i32x4_s(i32x4.shr_s(a, BITS), i32x4.shr_s(b, BITS));
      const right = i16x8.narrow_i32x4_s(i32x4.shr_s(c, BITS), i32x4.shr_s(d, BITS));
      v128.store(out + x, i8x16.narrow_i16x8_u(left, right));
    }
  }
}
