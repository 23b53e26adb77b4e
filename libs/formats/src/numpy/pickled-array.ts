/** @file numpy.ndarray, as a pickle builds it: made empty, then given its bytes. */
import { misused, type PickleContext, type Restorable } from "../pickle/context.js";
import { PickledTensor, type PickleValue } from "../pickle/values.js";
import { isShape, toTensor } from "./layout.js";
import { PickledDtype } from "./pickled-dtype.js";

/** An array. Its bytes are a view of the file where their order is ours. */
export class PickledArray extends PickledTensor implements Restorable {
  /** BUILD: (version, shape, dtype, is column-major, bytes). */
  restore(state: PickleValue, context: PickleContext): void {
    if (!Array.isArray(state) || state.length !== 5) throw misused(context, "a NumPy array without its five parts");
    const [, shape, dtype, isColumnMajor, raw] = state;
    this.fill(context, shape, dtype, isColumnMajor === true, raw);
  }

  /** Takes shape, type and bytes from the values of a pickle. */
  fill(
    context: PickleContext,
    shape: PickleValue | undefined,
    dtype: PickleValue | undefined,
    isColumnMajor: boolean,
    raw: PickleValue | undefined,
  ): void {
    if (!(dtype instanceof PickledDtype)) throw misused(context, "a NumPy array without element type");
    if (!isShape(shape)) throw misused(context, "a NumPy array without shape");
    const type = dtype.elementType(context.file);
    const bytes = rawBytes(raw, context);
    const layout = { type, shape: Object.freeze([...shape]), isColumnMajor };
    Object.assign(
      this,
      toTensor(context.file, layout, bytes, (length) => context.budget.copy(length)),
    );
  }
}

/** Bytes, or the text that Python 2 wrote instead, one character a byte. */
export function rawBytes(raw: PickleValue | undefined, context: PickleContext): Uint8Array {
  if (raw instanceof Uint8Array) return raw;
  if (typeof raw !== "string") throw misused(context, "NumPy elements that are no bytes");
  context.budget.copy(raw.length);
  return Uint8Array.from(Buffer.from(raw, "latin1"));
}
