/**
 * @file A sample's result must not depend on its batch, bit for bit: the gateway may split a batch over servers, and images
 * must not change by it. Some CPU kernels of onnxruntime compute an element differently by where it lies in memory; these
 * forms keep every sample's elements where they would lie alone.
 */
import type { Emitter } from "./emitter.js";
import { countElements, type Shape } from "./shape.js";
import type { Value } from "./value.js";

/** Floats in the widest vector register (AVX-512). */
const lanes = 16;

const hasSymbol = (shape: Shape): boolean => shape.some((extent) => typeof extent === "string");

/** -1 where the batch stands: ONNX's reshape fills it in. */
export const concrete = (shape: Shape): number[] => shape.map((extent) => (typeof extent === "number" ? extent : -1));

/**
 * A product whose rows are samples, computed with the first row repeated at the end: onnxruntime takes another kernel for a
 * single row, with another order of summation. With two rows or more every row is summed alike.
 */
export function productOfRows(emit: Emitter, rows: string, multiply: (rows: string) => string): string {
  const [begin, one] = [emit.integers([0]), emit.integers([1])];
  const padded = emit.node("Concat", [rows, emit.node("Slice", [rows, begin, one, begin])], { axis: 0 });
  return emit.node("Slice", [multiply(padded), begin, emit.integers([-1]), begin]);
}

/**
 * A function of each element, on samples padded to whole vectors: log and cos of a vector's lanes differ in the last bit from
 * those of the elements that are left over at the end, and what is left over depends on the batch.
 */
export function onWholeVectors(emit: Emitter, x: string, { shape, type }: Value, apply: (x: string) => string): string {
  const count = countElements(shape);
  if (!hasSymbol(shape) || count % lanes === 0) return apply(x);
  const rows = emit.node("Reshape", [x, emit.integers([-1, count])]);
  const padded = padRows(emit, rows, count, emit.scalar(1, type));
  const result = emit.node("Slice", [apply(padded), emit.integers([0]), emit.integers([count]), emit.integers([1])]);
  return emit.node("Reshape", [result, emit.integers(concrete(shape))]);
}

/** Rows [M,count] filled up to whole vectors, so that every row begins as aligned as the first: sums along rows depend on it. */
export function padRows(emit: Emitter, rows: string, count: number, filler: string): string {
  const missing = (lanes - (count % lanes)) % lanes;
  return missing === 0 ? rows : emit.node("Pad", [rows, emit.integers([0, 0, 0, missing]), filler]);
}

/**
 * Channels (axis 1 of four) of a convolution's input or weight, filled up with zeros to a multiple of 4. onnxruntime's blocked
 * kernels, which treat every image alike, take multiples of 4 only (fewer than a block of 8 they take as they are); the others
 * cut the sum in pieces that depend on batch and threads.
 */
export function padChannels(emit: Emitter, x: string, channels: number, zero: () => string): string {
  const missing = (4 - (channels % 4)) % 4;
  if (missing === 0 || channels < 8) return x;
  return emit.node("Pad", [x, emit.integers([0, 0, 0, 0, 0, missing, 0, 0]), zero()]);
}
