/** @file Eigenvalues of a symmetric tridiagonal matrix. */

const MAX_ITERATIONS = 60;

/**
 * Eigenvalues, in no order, by the implicit QL method without vectors (Golub and Van Loan, "Matrix Computations", 8.3.3).
 * Both arrays are overwritten.
 * @param d diagonal [n]; its array is returned
 * @param e what stands beside it [n - 1]
 */
export function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  for (let first = 0; first < n; first++) {
    for (let iteration = 0; ; iteration++) {
      let last = first;
      while (last < n - 1 && Math.abs(e[last]!) > Number.EPSILON * (Math.abs(d[last]!) + Math.abs(d[last + 1]!)))
        last++;
      if (last === first) break;
      if (last < n - 1) e[last] = 0;
      if (iteration === MAX_ITERATIONS)
        throw new Error("the QL method does not converge: this matrix holds no finite numbers");
      sweep(d, e, first, last);
    }
  }
  return d;
}

/** A QL step from `last` up to `first`, with Wilkinson's shift. */
function sweep(d: Float64Array, e: Float64Array, first: number, last: number): void {
  const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = Math.hypot(half, 1);
  let g = d[last]! - d[first]! + e[first]! / (half + (half < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let shift = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const length = Math.sqrt(f * f + g * g);
    if (i + 1 < last) e[i + 1] = length;
    if (length === 0) {
      d[i + 1]! -= shift;
      return;
    }
    sine = f / length;
    cosine = g / length;
    const rest = d[i + 1]! - shift;
    const r = (d[i]! - rest) * sine + 2 * cosine * b;
    shift = sine * r;
    d[i + 1] = rest + shift;
    g = cosine * r - b;
  }
  d[first]! -= shift;
  e[first] = g;
}
