/** @file Between the float types of files and the float32 that we compute in. */
import { DomainError } from "@tandem/errors";
import { byteCount, elementCount, type TensorData } from "./tensor-data.js";

/** Float types that a tensor can be written in. */
export type FloatType = "F64" | "F32" | "F16" | "BF16";

/**
 * The elements of a float tensor as float32. F32 that lies aligned is a view of the same memory; everything else a copy.
 * F64 rounds to the nearest float32.
 * @throws DomainError DATA_TYPE_UNSUPPORTED for integers and booleans, TENSOR_SIZE_MISMATCH when bytes and shape differ
 */
export function toFloat32({ dtype, shape, data }: TensorData): Float32Array {
  const expected = byteCount(dtype, shape);
  if (data.byteLength !== expected) {
    const message = `a ${dtype} tensor of shape [${shape}] takes ${expected} bytes, not ${data.byteLength}`;
    throw new DomainError("TENSOR_SIZE_MISMATCH", message, { metadata: { expected, actual: data.byteLength } });
  }
  const count = elementCount(shape);
  switch (dtype) {
    case "F32": {
      const { buffer, byteOffset } = aligned(data, 4);
      return new Float32Array(buffer, byteOffset, count);
    }
    case "F64": {
      const { buffer, byteOffset } = aligned(data, 8);
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    }
    case "F16": {
      const { buffer, byteOffset } = aligned(data, 2);
      return new Float32Array(new Float16Array(buffer, byteOffset, count));
    }
    case "BF16": {
      const { buffer, byteOffset } = aligned(data, 2);
      // A bfloat16 is the upper half of a float32.
      const bits = Uint32Array.from(new Uint16Array(buffer, byteOffset, count));
      for (let i = 0; i < count; i++) bits[i] = bits[i]! << 16;
      return new Float32Array(bits.buffer);
    }
    default:
      throw new DomainError("DATA_TYPE_UNSUPPORTED", `a ${dtype} tensor holds no floating-point numbers`, {
        metadata: { supported: "F64, F32, F16, BF16" },
      });
  }
}

/**
 * A tensor of the wanted float type, rounded to nearest, ties to even; overflow becomes infinity.
 * F32 is a view of `values`, the others are copies.
 */
export function fromFloat32(values: Float32Array, shape: readonly number[], dtype: FloatType): TensorData {
  if (values.length !== elementCount(shape)) {
    const message = `${values.length} values do not fill the shape [${shape}]`;
    throw new DomainError("TENSOR_SIZE_MISMATCH", message, {
      metadata: { expected: elementCount(shape), actual: values.length },
    });
  }
  return { dtype, shape, data: bytesOf(encode[dtype](values)) };
}

const encode: Record<FloatType, (values: Float32Array) => ArrayBufferView> = {
  F64: (values) => new Float64Array(values),
  F32: (values) => values,
  F16: (values) => new Float16Array(values),
  BF16: toBfloat16,
};

function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const word = bits[i]!;
    // A NaN whose payload lies in the lower half alone would round to infinity: it keeps its sign and becomes quiet.
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

/** The same bytes at an address that is a multiple of `size`: themselves when they lie so, else a copy. */
function aligned(data: Uint8Array, size: number): Uint8Array {
  return data.byteOffset % size === 0 ? data : new Uint8Array(data);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
