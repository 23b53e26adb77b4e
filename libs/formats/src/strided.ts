/** @file From strided layouts to dense ones. */

/** Strides of a dense row-major array, in elements. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Strides of a dense column-major (Fortran) array, in elements. */
export function columnMajorStrides(shape: readonly number[]): number[] {
  return denseStrides([...shape].reverse()).reverse();
}

/** Whether elements with these strides lie as a dense row-major array; strides of extents of 1 mean nothing. */
export function isDense(shape: readonly number[], strides: readonly number[]): boolean {
  const dense = denseStrides(shape);
  return shape.includes(0) || shape.every((extent, axis) => extent === 1 || strides[axis] === dense[axis]);
}

/** Elements from the first to the last, both included, that a strided array reaches; 0 when it is empty. */
export function reach(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((last, extent, axis) => last + (extent - 1) * strides[axis]!, 1);
}

/**
 * Copies strided elements into a dense row-major array. All positions must lie within `source`.
 * @param source  bytes of which the first is that of element [0, 0, ...]
 * @param size    bytes of an element
 * @param strides in elements, none negative
 */
export function gather(
  source: Uint8Array,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const target = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < target.length; to += size) {
    for (let byte = 0; byte < size; byte++) target[to + byte] = source[from + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]! * size;
      if (++index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]! * size;
      index[axis] = 0;
    }
  }
  return target;
}

/** A copy with the bytes of every element in reverse order. */
export function swapBytes(data: Uint8Array, size: number): Uint8Array {
  const swapped = new Uint8Array(data);
  const copy = Buffer.from(swapped.buffer);
  if (size === 2) copy.swap16();
  if (size === 4) copy.swap32();
  if (size === 8) copy.swap64();
  return swapped;
}
