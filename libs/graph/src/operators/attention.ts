/** @file Attention with the gradient of its softmax taken at the output, which is smaller than the weights. */
import { operator } from "../operator.js";
import { countElements, fixed, mismatch, show } from "../shape.js";
import type { Value } from "../value.js";

/** Extents [..., L, d] of the queries that stand with keys and values in one tensor. */
function partOf({ shape }: Value): readonly number[] {
  if (shape.length < 3 || shape[0] !== 3) throw mismatch(`attention takes [3, ..., L, d], not ${show(shape)}`);
  return shape.slice(1).map((_, axis) => fixed(shape, axis + 1));
}

const scaleOf = (qkv: Value): number => 1 / Math.sqrt(fixed(qkv.shape, -1));

/**
 * softmax(q kᵀ / sqrt d) v over the last two axes: queries, keys and values in one tensor [3, ..., L, d] -> [..., L, d].
 *   forward   W = softmax(q kᵀ / sqrt d)                o = W v
 *   backward  dS = W (do vᵀ - rowsum(do o)) / sqrt d    dq = dS k    dk = dSᵀ q    dv = Wᵀ do
 * rowsum(W dW) = rowsum(do o), since o = W v: a sum over d elements instead of L.
 */
export const attention = operator<[Value]>({
  infer: ([qkv]) => ({ type: qkv.type, shape: partOf(qkv) }),
  forward: (emit, [qkv], { inputs, shape }) => {
    const [q, k, v] = [0, 1, 2].map((part) => {
      const bounds = [part, part + 1, 0].map((n) => emit.integers([n]));
      return emit.node("Reshape", [emit.node("Slice", [qkv!, ...bounds]), emit.integers(shape as number[])]);
    });
    const attributes = { transA: 0, transB: 1, alpha: { float: scaleOf(inputs[0]!) } };
    const logits = emit.node("FusedMatMul", [q!, k!], attributes, "com.microsoft");
    return emit.node("FusedMatMul", [emit.node("Softmax", [logits], { axis: -1 }), v!], {}, "com.microsoft");
  },
  gradient: (g, [qkv], output, dy): Value[] => {
    const [shape, alpha] = [output.shape, scaleOf(qkv)];
    const part = (i: number) => g.reshape(g.slice(qkv, 0, i, i + 1), shape);
    const weights = g.softmax(g.matmul(part(0), part(1), { transposeB: true, alpha }));
    const along = g.sum(g.mul(dy, output), [shape.length - 1]);
    const logits = g.mul(weights, g.sub(g.matmul(dy, part(2), { transposeB: true }), along));
    const parts = [
      g.matmul(logits, part(1), { alpha }),
      g.matmul(logits, part(0), { transposeA: true, alpha }),
      g.matmul(weights, dy, { transposeA: true }),
    ];
    return [
      g.concat(
        parts.map((each) => g.reshape(each, [1, ...shape])),
        0,
      ),
    ];
  },
  cost: (_, { shape }) =>
    countElements(shape) * fixed(shape, -2) * 2 + 3 * countElements(shape.slice(0, -1)) * fixed(shape, -2),
});
