/** @file Eigenvalues of a symmetric tridiagonal matrix. */

const MAX_ITERATIONS = 60;
const { EPSILON } = Number;

/**
 * Eigenvalues, in no order, by the QL method of Pal, Walker and Kahan, which needs no roots (Parlett, "The Symmetric Eigenvalue
 * Problem", 8.14 and 8.15). Small eigenvalues of a graded matrix, large at one end and small at the other, keep their digits.
 * Both arrays are overwritten.
 * @param d diagonal [n]; its array is returned
 * @param e what stands beside it [n - 1]
 */
export function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  for (let i = 0; i < n - 1; i++) e[i]! *= e[i]!;
  for (let first = 0; first < n; first++) {
    for (let iteration = 0; ; iteration++) {
      let last = first;
      while (last < n - 1 && e[last]! > EPSILON * EPSILON * Math.abs(d[last]! * d[last + 1]!)) last++;
      if (last < n - 1) e[last] = 0;
      if (last === first) break;
      if (iteration === MAX_ITERATIONS) throw new Error("QL does not converge: this is no matrix of finite numbers");
      if (iteration === 0 && Math.abs(d[last]!) < Math.abs(d[first]!)) reverse(d, e, first, last);
      sweep(d, e, first, last);
    }
  }
  return d;
}

/** QL goes from large to small: a block that is graded the other way is turned round. */
function reverse(d: Float64Array, e: Float64Array, first: number, last: number): void {
  d.subarray(first, last + 1).reverse();
  e.subarray(first, last).reverse();
}

/** A step from `last` to `first`, with Wilkinson's shift; `e` holds squares. */
function sweep(d: Float64Array, e: Float64Array, first: number, last: number): void {
  const beside = Math.sqrt(e[first]!);
  const half = (d[first + 1]! - d[first]!) / (2 * beside);
  const root = Math.hypot(half, 1);
  const shift = d[first]! - beside / (half + (half < 0 ? -root : root));
  let cosine = 1; // squares of cosine and sine
  let sine = 0;
  let gamma = d[last]! - shift;
  let p = gamma * gamma;
  for (let i = last - 1; i >= first; i--) {
    const square = e[i]!;
    const length = p + square;
    if (i < last - 1) e[i + 1] = sine * length;
    const before = cosine;
    cosine = p / length;
    sine = square / length;
    const gammaBefore = gamma;
    gamma = cosine * (d[i]! - shift) - sine * gammaBefore;
    d[i + 1] = gammaBefore + (d[i]! - gamma);
    p = cosine === 0 ? before * square : (gamma * gamma) / cosine;
  }
  e[first] = sine * p;
  d[first] = shift + gamma;
}
