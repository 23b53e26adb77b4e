/** @file A tensor as it lies in a file: element type, shape, bytes. */

/** Element types that files hold and Tandem reads. Names are those of safetensors. */
export type DType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/** Bytes of one element. */
export const elementBytes: Readonly<Record<DType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A dense array, row-major (C order). */
export interface TensorData {
  readonly dtype: DType;
  /** Extents, outermost first, each a non-negative integer; empty is a scalar. */
  readonly shape: readonly number[];
  /** Little-endian elements without padding; may be a view into a larger, possibly shared and unaligned, buffer. */
  readonly data: Uint8Array;
}

/** Number of elements of a shape; more than 2^53 comes out inexact, so compare, never index, before it is checked. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Bytes that a tensor of this type and shape takes. */
export function byteCount(dtype: DType, shape: readonly number[]): number {
  return elementBytes[dtype] * elementCount(shape);
}
