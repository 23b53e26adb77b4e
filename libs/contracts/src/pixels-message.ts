/** @file Eight-bit pixels as the contract's Tensor message and back. */
import { DomainError, invalid } from "@tandem/errors";
import { crc32c } from "./crc32c.js";
import { DataType, type Tensor as TensorMessage } from "./generated/tandem/v1/tensor.js";
import { checkBytes, checkChecksum, checkExtents } from "./tensor-message.js";

/** Pixels, row-major: [N,C,H,W]. */
export interface PixelTensor {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a Tensor message held. */
export interface ReceivedPixels extends PixelTensor {
  /** Whether the sender vouched for the bytes, and so expects a checksum in return. */
  readonly hasChecksum: boolean;
}

/**
 * Reads a Tensor message of pixels; a view of the message.
 * @param field path of the message in its request, e.g. "pixels"
 * @throws DomainError FIELD_INVALID (absent, an extent of 0), DATA_TYPE_UNSUPPORTED, TENSOR_SIZE_MISMATCH, CHECKSUM_MISMATCH
 */
export function readPixels(message: TensorMessage | undefined, field: string): ReceivedPixels {
  if (!message) throw invalid(field, undefined, "a tensor");
  const { dataType, shape, data } = message;
  if (dataType !== DataType.DATA_TYPE_UINT8)
    throw new DomainError(
      "DATA_TYPE_UNSUPPORTED",
      `${field}.data_type is ${DataType[dataType] ?? dataType}; pixels are DATA_TYPE_UINT8`,
      { field: `${field}.data_type`, metadata: { supported: "DATA_TYPE_UINT8" } },
    );
  checkExtents(shape, `${field}.shape`);
  checkBytes(data, shape, { name: "uint8", sizeBytes: 1 }, `${field}.data`);
  checkChecksum(data, message.crc32c, `${field}.data`);
  return { shape, data, hasChecksum: message.crc32c !== undefined };
}

/** Makes a Tensor message; its bytes are those of the pixels. */
export const writePixels = ({ shape, data }: PixelTensor, withChecksum = false): TensorMessage => ({
  dataType: DataType.DATA_TYPE_UINT8,
  shape: [...shape],
  data,
  crc32c: withChecksum ? crc32c(data) : undefined,
});
