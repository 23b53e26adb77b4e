/** @file The bytes of a NumPy array, in our order: little-endian, row-major. */
import { unsafe } from "../file-error.js";
import { columnMajorStrides, gather, isDense, swapBytes } from "../strided.js";
import { byteCount, elementBytes, type TensorData } from "../tensor-data.js";
import type { ElementType } from "./element-type.js";

/** How an array lies in a file. */
export interface ArrayLayout {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly isColumnMajor: boolean;
}

/** Most axes of an array; NumPy allows 64. */
export const maxAxes = 64;

/** Whether these are extents. */
export function isShape(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= maxAxes &&
    value.every((extent) => Number.isSafeInteger(extent) && (extent as number) >= 0)
  );
}

/**
 * The array as a tensor: a view of `raw` where its order is ours, else a copy.
 * @param willCopy is told how many bytes are about to be copied and may refuse
 * @throws DomainError UNSAFE_FILE when the bytes do not fill the shape
 */
export function toTensor(
  file: string,
  { type, shape, isColumnMajor }: ArrayLayout,
  raw: Uint8Array,
  willCopy: (bytes: number) => void,
): TensorData {
  const { dtype, isBigEndian } = type;
  const expected = byteCount(dtype, shape);
  if (raw.byteLength !== expected) {
    throw unsafe(file, `a ${dtype} array of shape [${shape}] takes ${expected} bytes, but ${raw.byteLength} follow`);
  }
  let data = raw;
  if (isBigEndian) {
    willCopy(expected);
    data = swapBytes(data, elementBytes[dtype]);
  }
  const strides = columnMajorStrides(shape);
  if (isColumnMajor && !isDense(shape, strides)) {
    willCopy(expected);
    data = gather(data, elementBytes[dtype], shape, strides);
  }
  return { dtype, shape, data };
}
