// asc: --enable threads --importMemory --sharedMemory --maximumMemory 65536
// One optimizer step over rows of one tensor: the way back through the weight normalization, non-finite gradients to zero, Adam, all
// EMAs, forced weight normalization (numerics, sections 2, 4 and 5). A tensor is [taps, outputs, channels]; a row is one output.
// Pointers are bytes, arrays float32. Every row is the work of one thread, so results do not depend on their number.

const EPSILON: f32 = 1e-4;

// @ts-ignore: decorator
@inline
function lanes(sum: v128): f32 {
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

// @ts-ignore: decorator
@inline
function rowOffset(tap: i32, row: i32, outputs: i32, channels: i32): usize {
  return ((<usize>tap * outputs + row) * channels) << 2;
}

// @ts-ignore: decorator
@inline
function rowRms(at: usize, row: i32, taps: i32, outputs: i32, channels: i32): f32 {
  const bytes = <usize>channels << 2;
  const whole = (<usize>channels & ~3) << 2;
  let sums = f32x4.splat(0);
  let rest: f32 = 0;
  for (let tap = 0; tap < taps; tap++) {
    const from = at + rowOffset(tap, row, outputs, channels);
    let i: usize = 0;
    for (; i < whole; i += 16) {
      const x = v128.load(from + i);
      sums = f32x4.add(sums, f32x4.mul(x, x));
    }
    for (; i < bytes; i += 4) {
      const x = load<f32>(from + i);
      rest += x * x;
    }
  }
  return sqrt((lanes(sums) + rest) / <f32>(taps * channels));
}

// @ts-ignore: decorator
@inline
function rowProduct(a: usize, b: usize, row: i32, taps: i32, outputs: i32, channels: i32): f32 {
  const bytes = <usize>channels << 2;
  const whole = (<usize>channels & ~3) << 2;
  let sums = f32x4.splat(0);
  let rest: f32 = 0;
  for (let tap = 0; tap < taps; tap++) {
    const offset = rowOffset(tap, row, outputs, channels);
    let i = offset;
    for (; i < offset + whole; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    for (; i < offset + bytes; i += 4) rest += load<f32>(a + i) * load<f32>(b + i);
  }
  return lanes(sums) + rest;
}

/**
 * w = normalize(normalize(raw)) by row, and the same as rows [outputs, taps channels] where there are any: forced normalization
 * replaces the stored weight by normalize(raw), and the layer normalizes once more.
 */
export function project(low: i32, high: i32, taps: i32, outputs: i32, channels: i32, raw: usize, w: usize, rows: usize): void {
  const bytes = <usize>channels << 2;
  const whole = (<usize>channels & ~3) << 2;
  for (let row = low; row < high; row++) {
    const rms = rowRms(raw, row, taps, outputs, channels);
    const forced: f32 = 1 / (EPSILON + rms);
    const scale: f32 = forced / (EPSILON + forced * rms);
    const scales = f32x4.splat(scale);
    for (let tap = 0; tap < taps; tap++) {
      const offset = rowOffset(tap, row, outputs, channels);
      const from = raw + offset;
      const to = w + offset;
      const beside = rows + (<usize>(row * taps + tap) * channels << 2);
      let at: usize = 0;
      for (; at < whole; at += 16) {
        const x = f32x4.mul(v128.load(from + at), scales);
        v128.store(to + at, x);
        if (rows) v128.store(beside + at, x);
      }
      for (; at < bytes; at += 4) {
        const x = load<f32>(from + at) * scale;
        store<f32>(to + at, x);
        if (rows) store<f32>(beside + at, x);
      }
    }
  }
}

/** raw = normalize(raw) by row: what a forward pass leaves of the stored weight (Eq. 66). */
export function force(low: i32, high: i32, taps: i32, outputs: i32, channels: i32, raw: usize): void {
  const bytes = <usize>channels << 2;
  for (let row = low; row < high; row++) {
    const scale: f32 = 1 / (EPSILON + rowRms(raw, row, taps, outputs, channels));
    for (let tap = 0; tap < taps; tap++) {
      const from = raw + rowOffset(tap, row, outputs, channels);
      for (let at = from; at < from + bytes; at += 4) store<f32>(at, load<f32>(at) * scale);
    }
  }
}

/** total (+)= the gradient of a round at the stored weight: back through the layer's normalization. */
export function gather(
  low: i32, high: i32, taps: i32, outputs: i32, channels: i32, isNormalized: i32,
  raw: usize, g: usize, total: usize, isFirst: i32,
): void {
  const bytes = <usize>channels << 2;
  for (let row = low; row < high; row++) {
    let a: f32 = 1;
    let b: f32 = 0;
    if (isNormalized) {
      const rms = rowRms(raw, row, taps, outputs, channels);
      const c: f32 = 1 / (EPSILON + rms);
      const forced = c * rms;
      a = 1 / (EPSILON + forced);
      b = (a * a * c * c * rowProduct(raw, g, row, taps, outputs, channels)) / (<f32>(taps * channels) * forced);
    }
    for (let tap = 0; tap < taps; tap++) {
      const offset = rowOffset(tap, row, outputs, channels);
      for (let at = offset; at < offset + bytes; at += 4) {
        const x = a * load<f32>(g + at) - b * load<f32>(raw + at);
        store<f32>(total + at, isFirst ? x : load<f32>(total + at) + x);
      }
    }
  }
}

/**
 * Adam and EMAs. `raw` holds what the last step made and gets the new weights: the step begins at normalize(raw), which is what
 * forced normalization had put in its place. The gradient `g` is that of the weight as the layer normalized it once more, or, when
 * it is gathered, that of normalize(raw).
 * @param ema      first EMA; the others follow at `emaStride`, float32 shares of the new weights (1 - beta) at `shares`
 * @param rate     learning rate / (1 - beta1^t)
 * @param inverse  1 / sqrt(1 - beta2^t)
 * @returns gradient elements that were not finite
 */
export function update(
  low: i32, high: i32, taps: i32, outputs: i32, channels: i32, isNormalized: i32, isGathered: i32,
  raw: usize, g: usize, m: usize, v: usize, ema: usize, emaStride: usize, emas: i32, shares: usize,
  rate: f32, inverse: f32, epsilon: f32, share1: f32, share2: f32,
): i32 {
  const bytes = <usize>channels << 2;
  const whole = (<usize>channels & ~3) << 2;
  let broken = 0;
  for (let row = low; row < high; row++) {
    let a: f32 = 1; // dx = a g - b raw
    let b: f32 = 0;
    let c: f32 = 1; // normalize(raw) = c raw
    if (isNormalized) {
      const rms = rowRms(raw, row, taps, outputs, channels);
      c = 1 / (EPSILON + rms);
      if (!isGathered) {
        const forced = c * rms; // rms of normalize(raw)
        a = 1 / (EPSILON + forced);
        b = (a * a * c * c * rowProduct(raw, g, row, taps, outputs, channels)) / (<f32>(taps * channels) * forced);
      }
    }
    const as4 = f32x4.splat(a);
    const bs4 = f32x4.splat(b);
    const cs4 = f32x4.splat(c);
    const share1s = f32x4.splat(share1);
    const share2s = f32x4.splat(share2);
    const rates = f32x4.splat(rate);
    const inverses = f32x4.splat(inverse);
    const epsilons = f32x4.splat(epsilon);
    for (let tap = 0; tap < taps; tap++) {
      const offset = rowOffset(tap, row, outputs, channels);
      let at = offset;
      for (; at < offset + whole; at += 16) {
        const stored = v128.load(raw + at);
        const before = f32x4.mul(cs4, stored);
        let x = f32x4.sub(f32x4.mul(as4, v128.load(g + at)), f32x4.mul(bs4, stored));
        const isFinite = f32x4.eq(f32x4.sub(x, x), f32x4.splat(0));
        broken += 4 - popcnt(i32x4.bitmask(isFinite));
        x = v128.and(x, isFinite);
        const m0 = v128.load(m + at);
        const v0 = v128.load(v + at);
        const m1 = f32x4.add(m0, f32x4.mul(f32x4.sub(x, m0), share1s));
        const v1 = f32x4.add(v0, f32x4.mul(f32x4.sub(f32x4.mul(x, x), v0), share2s));
        const size = f32x4.add(f32x4.mul(f32x4.sqrt(v1), inverses), epsilons);
        const y = f32x4.sub(before, f32x4.div(f32x4.mul(rates, m1), size));
        v128.store(m + at, m1);
        v128.store(v + at, v1);
        v128.store(raw + at, y);
        for (let i = 0; i < emas; i++) {
          const to = ema + <usize>i * emaStride + at;
          const e = v128.load(to);
          v128.store(to, f32x4.add(e, f32x4.mul(f32x4.sub(y, e), v128.load32_splat(shares + (<usize>i << 2)))));
        }
      }
      for (; at < offset + bytes; at += 4) {
        const stored = load<f32>(raw + at);
        const before = c * stored;
        let x = a * load<f32>(g + at) - b * stored;
        if (x - x != 0) {
          x = 0;
          broken++;
        }
        const m0 = load<f32>(m + at);
        const v0 = load<f32>(v + at);
        const m1 = m0 + (x - m0) * share1;
        const v1 = v0 + (x * x - v0) * share2;
        const y = before - (rate * m1) / (sqrt(v1) * inverse + epsilon);
        store<f32>(m + at, m1);
        store<f32>(v + at, v1);
        store<f32>(raw + at, y);
        for (let i = 0; i < emas; i++) {
          const to = ema + <usize>i * emaStride + at;
          const e = load<f32>(to);
          store<f32>(to, e + (y - e) * load<f32>(shares + (<usize>i << 2)));
        }
      }
    }
  }
  return broken;
}
