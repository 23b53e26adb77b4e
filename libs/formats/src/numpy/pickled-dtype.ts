/** @file numpy.dtype, as a pickle builds it. */
import { misused, type PickleContext, type Restorable } from "../pickle/context.js";
import { PickleOpaque, type PickleValue } from "../pickle/values.js";
import { type ElementType, parseElementType } from "./element-type.js";

/** A NumPy element type on its own. */
export class PickledDtype extends PickleOpaque implements Restorable {
  private order = "|";
  private isStructured = false;

  /** @param code kind and size: "f8" */
  constructor(private readonly code: string) {
    super();
  }

  /** BUILD: (version, byte order, subarray, names, fields, ...). */
  restore(state: PickleValue, context: PickleContext): void {
    if (!Array.isArray(state) || typeof state[1] !== "string")
      throw misused(context, "a NumPy element type without order");
    this.order = state[1];
    this.isStructured = state.slice(2, 5).some((part) => part !== null);
  }

  /** @throws DomainError DATA_TYPE_UNSUPPORTED when we cannot read such elements */
  elementType(file: string): ElementType {
    return parseElementType(file, this.isStructured ? `structure ${this.code}` : this.toString());
  }

  override toString(): string {
    return this.order + this.code;
  }
}
