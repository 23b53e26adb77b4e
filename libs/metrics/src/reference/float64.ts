/** @file Numbers of files as float64. */
import { DomainError } from "@tandem/errors";
import { type TensorData, toFloat32 } from "@tandem/formats";

/** The elements of a tensor; F64 that lies aligned is a view of the file. @throws DomainError DATA_TYPE_UNSUPPORTED */
export function float64Of(file: string, key: string, { dtype, shape, data }: TensorData): Float64Array {
  const { buffer, byteOffset, byteLength } = data.byteOffset % 8 === 0 ? data : new Uint8Array(data);
  switch (dtype) {
    case "F64":
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    case "F32":
    case "F16":
      return new Float64Array(toFloat32({ dtype, shape, data }));
    case "I64":
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, byteLength / 8), Number);
    case "I32":
      return Float64Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
    default:
      throw new DomainError("DATA_TYPE_UNSUPPORTED", `${file}: ${key} is ${dtype}; float64 or float32 is wanted`, {
        resource: file,
        metadata: { supported: "F64, F32, F16" },
      });
  }
}
