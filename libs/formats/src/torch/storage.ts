/** @file Torch storages: flat memory that tensors are views of, and that several tensors may share. */
import { unsupportedType } from "../file-error.js";
import { misused, type PickleContext } from "../pickle/context.js";
import { PickleGlobal, PickleOpaque, type PickleValue } from "../pickle/values.js";
import { type DType, elementBytes } from "../tensor-data.js";

/** Storage classes by their Python names. An untyped storage counts bytes. */
const storageTypes: Record<string, DType> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
  UntypedStorage: "U8",
};

/** Torch's element types by their Python names. */
const elementTypes: Record<string, DType> = {
  float64: "F64",
  double: "F64",
  float32: "F32",
  float: "F32",
  float16: "F16",
  half: "F16",
  bfloat16: "BF16",
  int64: "I64",
  long: "I64",
  int32: "I32",
  int: "I32",
  int16: "I16",
  short: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

/** Bytes under one key of a file; they are found after the pickle that names them has been read. */
export interface StorageBytes {
  data: Uint8Array | undefined;
}

/** A storage as the pickle names it. */
export class PickledStorage extends PickleOpaque {
  /**
   * @param bytes  the memory, or the larger memory that this is a part of
   * @param start  first byte of it
   * @param length elements
   */
  constructor(
    readonly bytes: StorageBytes,
    readonly dtype: DType,
    readonly start: number,
    readonly length: number,
  ) {
    super();
  }

  /** @throws DomainError UNSAFE_FILE when the file does not hold the bytes */
  view(context: PickleContext): Uint8Array {
    const end = this.start + this.length * elementBytes[this.dtype];
    if (!this.bytes.data || end > this.bytes.data.byteLength)
      throw misused(context, `a storage of ${this.length} ${this.dtype} elements whose bytes are not all in the file`);
    return this.bytes.data.subarray(this.start, end);
  }

  override toString(): string {
    return `torch storage (${this.length} x ${this.dtype})`;
  }
}

/** Element type of a storage class such as torch.FloatStorage. */
export function storageType(context: PickleContext, type: PickleValue | undefined): DType {
  return lookUp(context, storageTypes, type, /^torch(\.cuda|\.storage)?$/, "storage type");
}

/** Element type named as torch.float32. */
export function tensorType(context: PickleContext, type: PickleValue | undefined): DType {
  return lookUp(context, elementTypes, type, /^torch$/, "element type");
}

function lookUp(
  context: PickleContext,
  table: Record<string, DType>,
  type: PickleValue | undefined,
  module: RegExp,
  what: string,
): DType {
  if (!(type instanceof PickleGlobal)) throw misused(context, `a torch ${what} that is no class`);
  const found = module.test(type.module) && Object.hasOwn(table, type.name) ? table[type.name] : undefined;
  if (!found) throw unsupportedType(context.file, String(type).slice(0, 100), Object.keys(table));
  return found;
}
