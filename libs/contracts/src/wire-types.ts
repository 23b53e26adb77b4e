/** @file Element types in which samples cross the wire, and their bytes as float32 values. One row per type. */
import { DomainError } from "@tandem/errors";
import { DataType } from "./generated/tandem/v1/tensor.js";

/** How float32 values become little-endian bytes of one element type, and back. */
export interface WireType {
  readonly dataType: DataType;
  /** Name for people, e.g. "float16". */
  readonly name: string;
  readonly sizeBytes: number;
  /** Largest magnitude that rounds to a finite value. */
  readonly largest: number;
  /** Values of the bytes; their length must be a multiple of `sizeBytes`, alignment is free. May be a view of `bytes`. */
  decode(bytes: Uint8Array): Float32Array;
  /** Bytes of the values, rounded to nearest even. May be a view of `values`. */
  encode(values: Float32Array): Uint8Array;
}

const float32: WireType = {
  dataType: DataType.DATA_TYPE_FLOAT32,
  name: "float32",
  sizeBytes: 4,
  largest: (2 - 2 ** -23) * 2 ** 127,
  decode: (bytes) => {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
  },
  encode: bytesOf,
};

const float16: WireType = {
  dataType: DataType.DATA_TYPE_FLOAT16,
  name: "float16",
  sizeBytes: 2,
  largest: 65520 - 2 ** -8, // the float32 below 65520, which rounds to infinity
  decode: (bytes) => {
    const aligned = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes);
    return Float32Array.from(new Float16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2));
  },
  encode: (values) => bytesOf(Float16Array.from(values)),
};

const bfloat16: WireType = {
  dataType: DataType.DATA_TYPE_BFLOAT16,
  name: "bfloat16",
  sizeBytes: 2,
  largest: (2 - 2 ** -8 - 2 ** -23) * 2 ** 127, // the float32 below the tie that rounds to infinity
  decode: (bytes) => {
    const bits = new Uint32Array(bytes.length / 2);
    for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
    return new Float32Array(bits.buffer);
  },
  encode: (values) => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const halves = new Uint16Array(values.length);
    for (let i = 0; i < bits.length; i++) {
      const word = bits[i]!;
      const isNotANumber = (word & 0x7fffffff) > 0x7f800000;
      // Rounding would carry a NaN of small payload over into infinity: keep its upper half and make it quiet.
      halves[i] = isNotANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    }
    return bytesOf(halves);
  },
};

/** Every element type that samples may have on the wire, the obligatory one first. */
export const wireTypes: readonly WireType[] = [float32, float16, bfloat16];

/**
 * The wire type of a field.
 * @param field     the field's path, for the error
 * @param unset     what an unset field means; without it the field is required
 * @throws DomainError DATA_TYPE_UNSUPPORTED with `supported`
 */
export function wireTypeOf(dataType: DataType, field: string, unset?: WireType): WireType {
  if (dataType === DataType.DATA_TYPE_UNSPECIFIED && unset) return unset;
  const wireType = wireTypes.find((candidate) => candidate.dataType === dataType);
  if (wireType) return wireType;
  const supported = wireTypes.map((candidate) => DataType[candidate.dataType]).join(", ");
  const shown = DataType[dataType] ?? dataType;
  throw new DomainError("DATA_TYPE_UNSUPPORTED", `${field} is ${shown}; it must be one of ${supported}`, {
    field,
    metadata: { supported },
  });
}

// Little-endian hosts only: every platform that onnxruntime has binaries for is one.
function bytesOf(values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
