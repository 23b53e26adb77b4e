/** @file NumPy's names of element types, such as "<f4". */
import { unsupportedType } from "../file-error.js";
import { type DType, elementBytes } from "../tensor-data.js";

/** A NumPy element type that we read. */
export interface ElementType {
  readonly dtype: DType;
  /** Bytes come most significant first and must be swapped. */
  readonly isBigEndian: boolean;
}

const types: Record<string, DType> = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  i4: "I32",
  i2: "I16",
  i1: "I8",
  u1: "U8",
  b1: "BOOL",
};

/** NumPy's name of our element types, with byte order; BF16 has none. */
export const numpyNames: Readonly<Record<Exclude<DType, "BF16">, string>> = {
  F64: "<f8",
  F32: "<f4",
  F16: "<f2",
  I64: "<i8",
  I32: "<i4",
  I16: "<i2",
  I8: "|i1",
  U8: "|u1",
  BOOL: "|b1",
};

/**
 * @param text byte order (`<`, `>`, `|`, `=`; may be absent), kind and size: "<f4"
 * @throws DomainError DATA_TYPE_UNSUPPORTED for texts, objects, structures, unsigned integers above one byte
 */
export function parseElementType(file: string, text: string): ElementType {
  const [, order, code] = /^([<>|=]?)(\w+)$/.exec(text) ?? [];
  const dtype = code !== undefined && Object.hasOwn(types, code) ? types[code] : undefined;
  if (!dtype) {
    throw unsupportedType(file, `a NumPy array of type ${JSON.stringify(text.slice(0, 40))}`, Object.keys(types));
  }
  return { dtype, isBigEndian: order === ">" && elementBytes[dtype] > 1 };
}
