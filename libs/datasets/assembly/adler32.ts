// asc: --importMemory
// The checksum of zlib streams (RFC 1950): a is 1 + the sum of all bytes, b the sum of all values that a takes, both modulo 65521.

const BASE: u32 = 65521;
/** Bytes after which sums are reduced; a multiple of 16 that keeps 32 bits from overflowing. */
const RUN: usize = 5552;

/** Of `length` bytes. */
export function adler32(at: usize, length: usize): u32 {
  let a: u64 = 1;
  let b: u64 = 0;
  const end = at + length;
  while (at < end) {
    const stop = min(at + RUN, end);
    const vectors = (stop - at) >> 4;
    let sums = i32x4.splat(0);
    // What earlier sums add to b at every later byte, and what bytes add to b within their vector.
    let earlier = i32x4.splat(0);
    let within = i32x4.splat(0);
    for (let i: usize = 0; i < vectors; i++) {
      const bytes = v128.load(at);
      earlier = i32x4.add(earlier, sums);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.add(low, high)));
      within = i32x4.add(within, i32x4.dot_i16x8_s(low, i16x8(16, 15, 14, 13, 12, 11, 10, 9)));
      within = i32x4.add(within, i32x4.dot_i16x8_s(high, i16x8(8, 7, 6, 5, 4, 3, 2, 1)));
      at += 16;
    }
    b += a * (<u64>vectors << 4) + (total(earlier) << 4) + total(within);
    a += total(sums);
    for (; at < stop; at++) {
      a += load<u8>(at);
      b += a;
    }
    a %= BASE;
    b %= BASE;
  }
  return (<u32>b << 16) | <u32>a;
}

// @ts-ignore: decorator
@inline
function total(v: v128): u64 {
  return (
    <u64>i32x4.extract_lane(v, 0) + <u64>i32x4.extract_lane(v, 1) + <u64>i32x4.extract_lane(v, 2) + <u64>i32x4.extract_lane(v, 3)
  );
}
