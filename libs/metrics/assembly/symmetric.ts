// asc: --importMemory
// Steps of factorizations of symmetric matrices that no product of large matrices does: pivots, reflectors, the chase of bulges. Float64;
// pointers and strides are bytes unless they say otherwise.

// @ts-ignore: decorator
@inline
function dot(x: usize, y: usize, count: i32): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4, x += 32, y += 32) {
    sum0 = f64x2.add(sum0, f64x2.mul(v128.load(x), v128.load(y)));
    sum1 = f64x2.add(sum1, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  sum0 = f64x2.add(sum0, sum1);
  let sum = f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1);
  for (; i < count; i++, x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}

/** y += a x. */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, a: f64, x: usize, count: i32): void {
  const factor = f64x2.splat(a);
  let i = 0;
  for (; i + 4 <= count; i += 4, x += 32, y += 32) {
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(factor, v128.load(x))));
    v128.store(y, f64x2.add(v128.load(y, 16), f64x2.mul(factor, v128.load(x, 16))), 16);
  }
  for (; i < count; i++, x += 8, y += 8) store<f64>(y, load<f64>(y) + a * load<f64>(x));
}

// @ts-ignore: decorator
@inline
function exchange(a: usize, b: usize): void {
  const value = load<f64>(a);
  store<f64>(a, load<f64>(b));
  store<f64>(b, value);
}

/**
 * The next columns of a pivoted Cholesky factorization.
 * @param s       [n, n]: what is left of the matrix; its upper triangle from (k, k) on is used
 * @param panel   [n, width]: columns k to k + width - 1 of the factor, rows from k on
 * @param squares [n]: scratch
 * @param order   [n] int32: rows of the whole matrix as they were exchanged
 * @param noise   a pivot up to here is none
 * @returns columns done: fewer than `width` when the rank is reached
 */
export function factorPanel(s: usize, n: i32, k: i32, panel: usize, width: i32, squares: usize, order: usize, noise: f64): i32 {
  const row = <usize>n << 3;
  const wide = <usize>width << 3;
  for (let i = k; i < n; i++) store<f64>(squares + (<usize>i << 3), 0);
  for (let c = 0; c < width; c++) {
    const j = k + c;
    let pivot = j;
    let best = -Infinity;
    for (let i = j; i < n; i++) {
      const at = squares + (<usize>i << 3);
      let square = load<f64>(at);
      if (c > 0) {
        const last = load<f64>(panel + <usize>i * wide + (<usize>(c - 1) << 3));
        square += last * last;
        store<f64>(at, square);
      }
      const rest = load<f64>(s + <usize>i * row + (<usize>i << 3)) - square;
      if (rest > best) {
        best = rest;
        pivot = i;
      }
    }
    if (!(best > noise)) return c;
    if (pivot != j) {
      const rowJ = s + <usize>j * row;
      const rowP = s + <usize>pivot * row;
      exchange(rowJ + (<usize>j << 3), rowP + (<usize>pivot << 3));
      for (let i = j + 1; i < pivot; i++) exchange(rowJ + (<usize>i << 3), s + <usize>i * row + (<usize>pivot << 3));
      for (let i = pivot + 1; i < n; i++) exchange(rowJ + (<usize>i << 3), rowP + (<usize>i << 3));
      for (let i = 0; i < c; i++) exchange(panel + <usize>j * wide + (<usize>i << 3), panel + <usize>pivot * wide + (<usize>i << 3));
      exchange(squares + (<usize>j << 3), squares + (<usize>pivot << 3));
      const name = load<i32>(order + (<usize>j << 2));
      store<i32>(order + (<usize>j << 2), load<i32>(order + (<usize>pivot << 2)));
      store<i32>(order + (<usize>pivot << 2), name);
    }
    const root = Math.sqrt(best);
    const pivotRow = panel + <usize>j * wide;
    const column = <usize>c << 3;
    store<f64>(pivotRow + column, root);
    for (let i = c + 1; i < width; i++) store<f64>(pivotRow + (<usize>i << 3), 0);
    for (let i = j + 1; i < n; i++) {
      const at = panel + <usize>i * wide;
      const rest = load<f64>(s + <usize>j * row + (<usize>i << 3)) - dot(at, pivotRow, c);
      store<f64>(at + column, rest / root);
    }
  }
  return width;
}

/** a -= t, rows of `count` numbers that lie `aStride` and `tStride` bytes apart; written to `to` at `toStride`. */
export function subtract(to: usize, toStride: usize, a: usize, aStride: usize, t: usize, tStride: usize, rows: i32, count: i32): void {
  for (let r = 0; r < rows; r++, to += toStride, a += aStride, t += tStride) {
    let i = 0;
    let at: usize = 0;
    for (; i + 4 <= count; i += 4, at += 32) {
      v128.store(to + at, f64x2.sub(v128.load(a + at), v128.load(t + at)));
      v128.store(to + at, f64x2.sub(v128.load(a + at, 16), v128.load(t + at, 16)), 16);
    }
    for (; i < count; i++, at += 8) store<f64>(to + at, load<f64>(a + at) - load<f64>(t + at));
  }
}

/**
 * The reflector I - tau v v^T that leaves (beta, 0, ...) of x; v's first is 1. x becomes v. @returns tau; beta goes to `result`
 */
// @ts-ignore: decorator
@inline
function reflector(x: usize, count: i32, result: usize): f64 {
  const first = load<f64>(x);
  const rest = dot(x + 8, x + 8, count - 1);
  if (rest == 0) {
    store<f64>(result, first);
    store<f64>(x, 1);
    return 0;
  }
  const norm = Math.sqrt(first * first + rest);
  const beta = first > 0 ? -norm : norm;
  const scale = 1 / (first - beta);
  for (let i = 1; i < count; i++) store<f64>(x + (<usize>i << 3), load<f64>(x + (<usize>i << 3)) * scale);
  store<f64>(x, 1);
  store<f64>(result, beta);
  return (beta - first) / beta;
}

/**
 * Householder's QR factorization of a tall block.
 * @param v   [b, m]: the block's columns; they become the reflectors
 * @param tau [b]
 * @param r   [b, b], row-major: the triangle
 */
export function reflectPanel(v: usize, b: i32, m: i32, tau: usize, r: usize): void {
  const row = <usize>m << 3;
  const steps = min(b, m);
  for (let j = 0; j < steps; j++) {
    const x = v + <usize>j * row + (<usize>j << 3);
    const t = reflector(x, m - j, r + (<usize>(j * b + j) << 3));
    store<f64>(tau + (<usize>j << 3), t);
    for (let l = j + 1; l < b; l++) {
      const y = v + <usize>l * row + (<usize>j << 3);
      if (t != 0) addScaled(y, -t * dot(x, y, m - j), x, m - j);
      store<f64>(r + (<usize>(j * b + l) << 3), load<f64>(y));
      store<f64>(y, 0);
    }
  }
  for (let j = steps; j < b; j++) {
    store<f64>(tau + (<usize>j << 3), 0);
    memory.fill(v + <usize>j * row, 0, row);
  }
}

/**
 * A band matrix becomes tridiagonal: each column's reflector is chased down as a bulge (Lang, "A parallel algorithm for reducing
 * symmetric banded matrices to tridiagonal form", 1993).
 * @param band    [n, 2 b]: column j's element i at (j, i - j), i >= j; what lies beyond b is zero
 * @param scratch 3 b numbers
 */
export function chase(band: usize, n: i32, b: i32, scratch: usize): void {
  const column = <usize>(2 * b) << 3; // from (i, j) to (i + 1, j + 1)
  const across = column - 8; // from (i, j) to (i, j + 1)
  let v = scratch;
  let next = scratch + (<usize>b << 3);
  const w = next + (<usize>b << 3);
  for (let j = 0; j < n - 2; j++) {
    let first = j + 1;
    let count = min(b, n - first);
    const head = band + <usize>j * column + 8;
    memory.copy(v, head, <usize>count << 3);
    let tau = reflector(v, count, head);
    memory.fill(head + 8, 0, <usize>(count - 1) << 3);
    for (;;) {
      const diagonal = band + <usize>first * column;
      if (tau != 0) bothSides(diagonal, column, v, tau, count, w);
      const below = min(b, n - first - count);
      if (below <= 0) break;
      const block = diagonal + (<usize>count << 3);
      if (tau != 0) {
        memory.fill(w, 0, <usize>below << 3);
        for (let c = 0; c < count; c++) addScaled(w, load<f64>(v + (<usize>c << 3)), block + <usize>c * across, below);
        for (let c = 0; c < count; c++) addScaled(block + <usize>c * across, -tau * load<f64>(v + (<usize>c << 3)), w, below);
      }
      memory.copy(next, block, <usize>below << 3);
      tau = reflector(next, below, block);
      memory.fill(block + 8, 0, <usize>(below - 1) << 3);
      if (tau != 0)
        for (let c = 1; c < count; c++) {
          const x = block + <usize>c * across;
          addScaled(x, -tau * dot(next, x, below), next, below);
        }
      const swap = v;
      v = next;
      next = swap;
      first += count;
      count = below;
    }
  }
}

/** The reflector from both sides on a symmetric block, of which the lower triangle is there. */
// @ts-ignore: decorator
@inline
function bothSides(block: usize, column: usize, v: usize, tau: f64, count: i32, w: usize): void {
  memory.fill(w, 0, <usize>count << 3);
  for (let c = 0; c < count; c++) {
    const x = block + <usize>c * column;
    const at = <usize>c << 3;
    const rest = count - c - 1;
    const sum = load<f64>(w + at) + load<f64>(x) * load<f64>(v + at) + dot(x + 8, v + at + 8, rest);
    addScaled(w + at + 8, load<f64>(v + at), x + 8, rest);
    store<f64>(w + at, sum);
  }
  const half = 0.5 * tau * tau * dot(w, v, count);
  for (let c = 0; c < count; c++) {
    const at = <usize>c << 3;
    store<f64>(w + at, tau * load<f64>(w + at) - half * load<f64>(v + at));
  }
  for (let c = 0; c < count; c++) {
    const x = block + <usize>c * column;
    const at = <usize>c << 3;
    addScaled(x, -load<f64>(v + at), w + at, count - c);
    addScaled(x, -load<f64>(w + at), v + at, count - c);
  }
}
