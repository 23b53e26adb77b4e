/** @file Float arrays as the contract's Tensor message and back, with every promise of the message checked. */
import { DomainError, invalid } from "@tandem/errors";
import { crc32c } from "./crc32c.js";
import type { Tensor as TensorMessage } from "./generated/tandem/v1/tensor.js";
import { type WireType, wireTypeOf } from "./wire-types.js";

/** A dense float32 array, row-major. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a Tensor message held. */
export interface ReceivedTensor extends FloatTensor {
  readonly wireType: WireType;
  /** Whether the sender vouched for the bytes, and so expects a checksum in return. */
  readonly hasChecksum: boolean;
}

/**
 * Reads a Tensor message of floats. The data may be a view of the message.
 * @param field path of the message in its request, e.g. "x"
 * @throws DomainError FIELD_INVALID (absent, an extent of 0), DATA_TYPE_UNSUPPORTED, TENSOR_SIZE_MISMATCH, CHECKSUM_MISMATCH
 */
export function readTensor(message: TensorMessage | undefined, field: string): ReceivedTensor {
  if (!message) throw invalid(field, undefined, "a tensor");
  const wireType = wireTypeOf(message.dataType, `${field}.data_type`);
  checkExtents(message.shape, `${field}.shape`);
  checkBytes(message.data, message.shape, wireType, `${field}.data`);
  checkChecksum(message.data, message.crc32c, `${field}.data`);
  const hasChecksum = message.crc32c !== undefined;
  return { shape: message.shape, data: wireType.decode(message.data), wireType, hasChecksum };
}

/** Makes a Tensor message; its bytes may be a view of the tensor's. */
export function writeTensor(tensor: FloatTensor, wireType: WireType, withChecksum = false): TensorMessage {
  const data = wireType.encode(tensor.data);
  return {
    dataType: wireType.dataType,
    shape: [...tensor.shape],
    data,
    crc32c: withChecksum ? crc32c(data) : undefined,
  };
}

/** Every extent is at least 1. @throws DomainError FIELD_INVALID */
export function checkExtents(shape: readonly number[], field: string): void {
  for (const extent of shape) if (extent < 1) throw invalid(field, `[${shape}]`, "extents of at least 1");
}

/** The bytes are as many as shape and type need. @throws DomainError TENSOR_SIZE_MISMATCH with expected and actual */
export function checkBytes(
  bytes: Uint8Array,
  shape: readonly number[],
  wireType: Pick<WireType, "name" | "sizeBytes">,
  field: string,
): void {
  const expected = shape.reduce((product, extent) => product * extent, wireType.sizeBytes);
  if (bytes.length === expected) return;
  throw new DomainError(
    "TENSOR_SIZE_MISMATCH",
    `${field} has ${bytes.length} bytes; ${wireType.name} of shape [${shape}] needs ${expected}`,
    { field, metadata: { expected, actual: bytes.length } },
  );
}

/** The bytes have the checksum, when there is one. @throws DomainError CHECKSUM_MISMATCH */
export function checkChecksum(bytes: Uint8Array, expected: number | undefined, field: string): void {
  if (expected === undefined) return;
  const actual = crc32c(bytes);
  if (actual === expected) return;
  throw new DomainError(
    "CHECKSUM_MISMATCH",
    `${field} has CRC-32C ${hex(actual)}, its sender said ${hex(expected)}: the bytes were damaged on the way; send them again`,
    { field, metadata: { expected: hex(expected), actual: hex(actual) } },
  );
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
