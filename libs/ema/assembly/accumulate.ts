// asc: --importMemory
// Weighted sums of many stored tensors: stored floats to float32, float32 to several sums, sums to float16. Pointers are bytes.
// A sum takes its inputs in their order, one multiply and one add each, so results do not depend on how work is cut into calls.

/** float16 of `from` as float32 in `to`; `count` is a multiple of 8. */
export function widen16(from: usize, to: usize, count: i32): void {
  const scale = i32x4.splat(0x77800000); // 2^112 as float32 bits: the distance of the exponents' biases
  const end = from + (<usize>count << 1);
  for (; from < end; from += 16, to += 32) {
    const halves = v128.load(from);
    v128.store(to, widened(i32x4.extend_low_i16x8_u(halves), scale));
    v128.store(to, widened(i32x4.extend_high_i16x8_u(halves), scale), 16);
  }
}

// @ts-ignore: decorator
@inline
function widened(bits: v128, scale: v128): v128 {
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  const size = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const value = f32x4.mul(size, scale); // exact, for subnormals too
  // Exponent 31 is infinity or NaN: the largest exponent here as well.
  const special = v128.and(i32x4.ge_s(size, i32x4.splat(0x0f800000)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(value, special), sign);
}

/** bfloat16, the upper halves of float32. */
export function widenB16(from: usize, to: usize, count: i32): void {
  const end = from + (<usize>count << 1);
  for (; from < end; from += 16, to += 32) {
    const halves = v128.load(from);
    v128.store(to, i32x4.shl(i32x4.extend_low_i16x8_u(halves), 16));
    v128.store(to, i32x4.shl(i32x4.extend_high_i16x8_u(halves), 16), 16);
  }
}

/**
 * Adds four inputs to each sum. Sums lie `sumStride` bytes apart, inputs `inputStride`; coefficients are float32 [sums][4]; an input
 * that is not there has the coefficient 0 and finite values.
 */
export function accumulate(sums: usize, sumStride: usize, count: i32, inputs: usize, inputStride: usize, coefficients: usize, outputs: i32): void {
  const bytes = <usize>count << 2;
  const second = inputs + inputStride;
  const third = second + inputStride;
  const fourth = third + inputStride;
  for (let output = 0; output < outputs; output++, sums += sumStride, coefficients += 16) {
    const c0 = v128.load32_splat(coefficients);
    const c1 = v128.load32_splat(coefficients, 4);
    const c2 = v128.load32_splat(coefficients, 8);
    const c3 = v128.load32_splat(coefficients, 12);
    for (let i: usize = 0; i < bytes; i += 32) {
      let low = v128.load(sums + i);
      let high = v128.load(sums + i, 16);
      low = f32x4.add(low, f32x4.mul(c0, v128.load(inputs + i)));
      high = f32x4.add(high, f32x4.mul(c0, v128.load(inputs + i, 16)));
      low = f32x4.add(low, f32x4.mul(c1, v128.load(second + i)));
      high = f32x4.add(high, f32x4.mul(c1, v128.load(second + i, 16)));
      low = f32x4.add(low, f32x4.mul(c2, v128.load(third + i)));
      high = f32x4.add(high, f32x4.mul(c2, v128.load(third + i, 16)));
      low = f32x4.add(low, f32x4.mul(c3, v128.load(fourth + i)));
      high = f32x4.add(high, f32x4.mul(c3, v128.load(fourth + i, 16)));
      v128.store(sums + i, low);
      v128.store(sums + i, high, 16);
    }
  }
}

/** float32 as float16, rounded to nearest, ties to even. @returns 1 when a result is infinite or NaN, else 0 */
export function narrow16(from: usize, to: usize, count: i32): i32 {
  const end = from + (<usize>count << 2);
  let special = i32x4.splat(0);
  for (; from < end; from += 32, to += 16) {
    const low = narrowed(v128.load(from));
    const high = narrowed(v128.load(from, 16));
    const halves = i16x8.narrow_i32x4_u(low, high);
    special = v128.or(special, i16x8.ge_u(v128.and(halves, i16x8.splat(0x7fff)), i16x8.splat(0x7c00)));
    v128.store(to, halves);
  }
  return v128.any_true(special) ? 1 : 0;
}

// @ts-ignore: decorator
@inline
function narrowed(bits: v128): v128 {
  const size = v128.and(bits, i32x4.splat(0x7fffffff));
  const sign = i32x4.shr_u(v128.xor(bits, size), 16);
  // Normal results: rounded in the integer, the bias of the exponent exchanged.
  const odd = v128.and(i32x4.shr_u(size, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(size, i32x4.splat(<i32>0xc8000fff)), odd), 13);
  // Subnormal results: the adder of float32 rounds at the right place when 0.5 is added, whose last bit is theirs.
  const half = i32x4.splat(0x3f000000);
  const subnormal = i32x4.sub(f32x4.add(size, half), half);
  const large = v128.bitselect(i32x4.splat(0x7e00), i32x4.splat(0x7c00), i32x4.gt_s(size, i32x4.splat(0x7f800000)));
  const small = v128.bitselect(subnormal, normal, i32x4.lt_s(size, i32x4.splat(0x38800000)));
  return v128.or(v128.bitselect(large, small, i32x4.ge_s(size, i32x4.splat(0x47800000))), sign);
}

/** 1 when one of `count` float32 is infinite or NaN, else 0; `count` is a multiple of 4. */
export function hasSpecial(from: usize, count: i32): i32 {
  const end = from + (<usize>count << 2);
  let special = i32x4.splat(0);
  for (; from < end; from += 16)
    special = v128.or(special, i32x4.ge_s(v128.and(v128.load(from), i32x4.splat(0x7fffffff)), i32x4.splat(0x7f800000)));
  return v128.any_true(special) ? 1 : 0;
}
