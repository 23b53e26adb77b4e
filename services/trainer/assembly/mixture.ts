// asc: --importMemory
// The score of a mixture of Gaussians at many points, each smoothed by its own noise level (numerics, section 9): in one pass over the
// components, where a graph would write every intermediate of points x components to memory. Arrays are float32, pointers bytes; components
// are a multiple of 4, those that fill up having phi 0.

const LOG2E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.00021219444;

/** exp of four numbers that are not above 0; below -87 it is that of -87. */
// @ts-ignore: decorator
@inline
function exp4(x: v128): v128 {
  x = f32x4.max(x, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2E)));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH))), f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let p = f32x4.splat(1.0 / 720.0);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

// @ts-ignore: decorator
@inline
function sum(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/**
 * score [count, 2] at x [count, 2], sigma [count]: -sum_k r_k S_k^-1 d_k with S_k = [[a,b],[b,c]] + sigma² I, d_k = x - mu_k, and
 * r_k in proportion to phi_k exp(-d_k S_k^-1 d_k / 2) / sqrt(det S_k).
 * @param exponents scratch, one number a component
 */
export function scores(
  count: i32, components: i32, x: usize, sigma: usize, muX: usize, muY: usize, a: usize, b: usize, c: usize, phi: usize,
  exponents: usize, score: usize,
): void {
  const bytes = <usize>components << 2;
  const half = f32x4.splat(0.5);
  for (let point = 0; point < count; point++) {
    const pointX = f32x4.splat(load<f32>(x + (<usize>point << 3)));
    const pointY = f32x4.splat(load<f32>(x + (<usize>point << 3) + 4));
    const deviation = load<f32>(sigma + (<usize>point << 2));
    const variance = f32x4.splat(deviation * deviation);
    let least = f32x4.splat(f32.MAX_VALUE);
    for (let at: usize = 0; at < bytes; at += 16) {
      const dx = f32x4.sub(pointX, v128.load(muX + at));
      const dy = f32x4.sub(pointY, v128.load(muY + at));
      const aa = f32x4.add(v128.load(a + at), variance);
      const bb = v128.load(b + at);
      const cc = f32x4.add(v128.load(c + at), variance);
      const determinant = f32x4.sub(f32x4.mul(aa, cc), f32x4.mul(bb, bb));
      const px = f32x4.sub(f32x4.mul(cc, dx), f32x4.mul(bb, dy));
      const py = f32x4.sub(f32x4.mul(aa, dy), f32x4.mul(bb, dx));
      const exponent = f32x4.mul(half, f32x4.div(f32x4.add(f32x4.mul(dx, px), f32x4.mul(dy, py)), determinant));
      v128.store(exponents + at, exponent);
      least = f32x4.min(least, exponent);
    }
    const low = min(
      min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)),
      min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3)),
    );
    const lows = f32x4.splat(low);
    let total = f32x4.splat(0);
    let totalX = f32x4.splat(0);
    let totalY = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const dx = f32x4.sub(pointX, v128.load(muX + at));
      const dy = f32x4.sub(pointY, v128.load(muY + at));
      const aa = f32x4.add(v128.load(a + at), variance);
      const bb = v128.load(b + at);
      const cc = f32x4.add(v128.load(c + at), variance);
      const determinant = f32x4.sub(f32x4.mul(aa, cc), f32x4.mul(bb, bb));
      const density = f32x4.mul(v128.load(phi + at), exp4(f32x4.sub(lows, v128.load(exponents + at))));
      const weight = f32x4.div(density, f32x4.sqrt(determinant));
      const share = f32x4.div(weight, determinant);
      total = f32x4.add(total, weight);
      totalX = f32x4.add(totalX, f32x4.mul(share, f32x4.sub(f32x4.mul(cc, dx), f32x4.mul(bb, dy))));
      totalY = f32x4.add(totalY, f32x4.mul(share, f32x4.sub(f32x4.mul(aa, dy), f32x4.mul(bb, dx))));
    }
    const all = sum(total);
    store<f32>(score + (<usize>point << 3), -sum(totalX) / all);
    store<f32>(score + (<usize>point << 3) + 4, -sum(totalY) / all);
  }
}
