/** @file A product and a sum in one pass over memory: sums of branches and of gradients need no pass of their own. */
import type { Emitter } from "../emitter.js";
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, sameShape, show } from "../shape.js";
import type { Value } from "../value.js";

/** How two factors and an addend enter. */
export interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  /** Of the addend. */
  readonly beta: number;
}

/** Emits alpha op(a) op(b), plus beta c where there is a c. */
export function emitProduct(
  emit: Emitter,
  factors: readonly string[],
  addend: string | undefined,
  { transposeA, transposeB, alpha, beta }: ProductAttributes,
): string {
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return addend === undefined
    ? emit.node("FusedMatMul", factors, attributes, "com.microsoft")
    : emit.node("Gemm", [...factors, addend], { ...attributes, beta: { float: beta } });
}

/**
 * alpha op(a) op(b) + beta c: matrices, c of the product's shape.
 *   backward  the gradients of the product, as those of matmul     dc = beta dy
 */
export const gemm = operator<[Value, Value, Value], ProductAttributes>({
  infer: ([a, b, c], { transposeA, transposeB }) => {
    const [rows, depth] = transposeA ? [1, 0] : [0, 1];
    const [depthB, columns] = transposeB ? [1, 0] : [0, 1];
    const isMatrices = [a, b, c].every(({ shape, type }) => shape.length === 2 && type === a.type);
    if (!isMatrices || a.shape[depth] !== b.shape[depthB])
      throw mismatch(`gemm of ${show(a.shape)} and ${show(b.shape)}: the inner extents differ`);
    const shape = [a.shape[rows]!, b.shape[columns]!];
    if (!sameShape(c.shape, shape)) throw mismatch(`gemm adds ${show(c.shape)} to ${show(shape)}`);
    return { type: a.type, shape };
  },
  forward: (emit, [a, b, c], _, attributes) => emitProduct(emit, [a!, b!], c, attributes),
  gradient: (g, [a, b], _, dy, { transposeA, transposeB, alpha, beta }) => [
    transposeA
      ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : g.matmul(dy, b, { transposeB: !transposeB, alpha }),
    transposeB
      ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : g.matmul(a, dy, { transposeA: !transposeA, alpha }),
    g.scale(dy, beta),
  ],
  cost: ([a], { shape }, { transposeA }) => countElements(shape) * (fixed(a.shape, transposeA ? 0 : 1) + 1),
});
