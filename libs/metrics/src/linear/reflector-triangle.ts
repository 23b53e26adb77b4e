/** @file Many reflectors as one product. */
import { type Matrix, matrix, type Products } from "./products.js";

/**
 * T [b, b], upper triangular, with (I - tau1 v1 v1^T) (I - tau2 v2 v2^T) ... = I - V T V^T (Schreiber and Van Loan, "A storage-efficient
 * WY representation for products of Householder transformations", 1989).
 * @param v V^T [b, m], one reflector a row
 */
export async function reflectorTriangle(v: Matrix, tau: Float64Array, products: Products): Promise<Matrix> {
  const b = v.rows;
  const gram = new Float64Array(b * b);
  await products.multiply(v, v, matrix(gram, b, b), { transposeB: true });
  const t = new Float64Array(b * b);
  for (let j = 0; j < b; j++) {
    t[j * b + j] = tau[j]!;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += t[i * b + k]! * gram[k * b + j]!;
      t[i * b + j] = -tau[j]! * sum;
    }
  }
  return matrix(t, b, b);
}
