/** @file The calls by which pickles build NumPy arrays and scalars, under the old and the new name of NumPy's core. */

import { cost } from "../pickle/budget.js";
import { type Constructor, misused } from "../pickle/context.js";
import { narrow } from "../pickle/cursor.js";
import type { DType } from "../tensor-data.js";
import { toTensor } from "./layout.js";
import { PickledArray, rawBytes } from "./pickled-array.js";
import { PickledDtype } from "./pickled-dtype.js";

/** ndarray subtype, shape and kind; the rest comes by BUILD. */
const reconstruct: Constructor = (_args, context) => {
  context.budget.spend(cost.tensor);
  return new PickledArray();
};

/** (dtype, bytes) */
const scalar: Constructor = ([dtype, raw], context) => {
  if (!(dtype instanceof PickledDtype)) throw misused(context, "a NumPy scalar without element type");
  const layout = { type: dtype.elementType(context.file), shape: [], isColumnMajor: false };
  const tensor = toTensor(context.file, layout, rawBytes(raw, context), (bytes) => context.budget.copy(bytes));
  const { buffer, byteOffset, byteLength } = tensor.data;
  return element[tensor.dtype](new DataView(buffer, byteOffset, byteLength));
};

/** Protocol 5: (buffer, dtype, shape, order "C" or "F"). */
const fromBuffer: Constructor = ([raw, dtype, shape, order], context) => {
  context.budget.spend(cost.tensor);
  const array = new PickledArray();
  array.fill(context, shape, dtype, order === "F", raw);
  return array;
};

const dtype: Constructor = ([code], context) => {
  if (typeof code !== "string") throw misused(context, "a NumPy element type without name");
  context.budget.spend(cost.record);
  return new PickledDtype(code);
};

/** What a NumPy pickle may call. */
export const numpyConstructors: [string, Constructor][] = [
  ["numpy.dtype", dtype],
  ...["numpy.core", "numpy._core"].flatMap((core): [string, Constructor][] => [
    [`${core}.multiarray._reconstruct`, reconstruct],
    [`${core}.multiarray.scalar`, scalar],
    [`${core}.numeric._frombuffer`, fromBuffer],
  ]),
];

const element: Record<DType, (view: DataView) => number | bigint | boolean> = {
  F64: (view) => view.getFloat64(0, true),
  F32: (view) => view.getFloat32(0, true),
  F16: (view) => view.getFloat16(0, true),
  BF16: (view) => new Float32Array(Uint32Array.of(view.getUint16(0, true) << 16).buffer)[0]!,
  I64: (view) => narrow(view.getBigInt64(0, true)),
  I32: (view) => view.getInt32(0, true),
  I16: (view) => view.getInt16(0, true),
  I8: (view) => view.getInt8(0),
  U8: (view) => view.getUint8(0),
  BOOL: (view) => view.getUint8(0) !== 0,
};
