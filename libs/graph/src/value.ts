/** @file A tensor in a graph: which operator makes it, of what. */
import type { ElementType } from "./model.js";
import type { OperatorName } from "./operators/index.js";
import type { Shape } from "./shape.js";

/** One result in a graph. Immutable; made by Graph only. */
export class Value {
  constructor(
    /** Position in the graph; inputs always come before. */
    readonly id: number,
    readonly operator: OperatorName,
    readonly inputs: readonly Value[],
    readonly attributes: object,
    readonly type: ElementType,
    readonly shape: Shape,
    /** The network's name of the layer it belongs to; "" outside any. */
    readonly layer: string,
  ) {}
}
