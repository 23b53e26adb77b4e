/** @file What an operator is: shape, ONNX form, gradient and cost in one entry. */
import type { Emitter } from "./emitter.js";
import type { Graph } from "./graph.js";
import type { ElementType } from "./model.js";
import type { Shape } from "./shape.js";
import type { Value } from "./value.js";

/** Type and shape that a rule derives. */
export interface Inferred {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** No attributes. */
export type None = Record<never, never>;

/** Gradients of a value's inputs, given the gradient of the value; null for an input that has none. */
export type Gradient<I extends readonly Value[], A> = (
  g: Graph,
  inputs: I,
  output: Value,
  outputGradient: Value,
  attributes: A,
) => readonly (Value | null)[];

/** One row of the rule table. `I` is the tuple of its inputs, `A` its attributes. */
export interface Operator<I extends readonly Value[], A extends object> {
  /** Type and shape of the result. @throws DomainError SHAPE_MISMATCH naming the shapes that don't fit */
  readonly infer: (inputs: I, attributes: A) => Inferred;
  /** Emits ONNX nodes; returns the name of the result. `inputs` are the names of the inputs' tensors. */
  readonly forward: (emit: Emitter, inputs: readonly string[], value: Value, attributes: A) => string;
  /** Backward rule; null where there is none: asking for it is an error that names the operator. */
  readonly gradient: Gradient<I, A> | null;
  /** Multiply-adds for one sample (numerics, section 10). */
  readonly cost: (inputs: I, output: Inferred, attributes: A) => number;
}

/** Types an entry; the table's inference needs the exact tuple. */
export const operator = <I extends readonly Value[], A extends object = None>(rule: Operator<I, A>): Operator<I, A> =>
  rule;
