/** @file Values that come from outside: inputs, constants and parameters. */
import type { ElementType } from "../model.js";
import { operator } from "../operator.js";
import { countElements, mismatch, type Shape, show } from "../shape.js";

/** Fed at each run under its name. */
export const input = operator<[], { name: string; type: ElementType; shape: Shape }>({
  infer: (_, { type, shape }) => ({ type, shape }),
  forward: (_emit, _inputs, _value, { name }) => name,
  gradient: () => [],
  cost: () => 0,
});

/** Bytes known now: tables, masks. */
export const constant = operator<[], { type: ElementType; shape: readonly number[]; bytes: Uint8Array }>({
  infer: (_, { type, shape }) => ({ type, shape }),
  forward: (emit, _inputs, _value, { type, shape, bytes }) => emit.bytes(type, shape, bytes),
  gradient: () => [],
  cost: () => 0,
});

/** A learned tensor, declared by name and shape. Its bytes are asked for at serialization, so counting needs none. */
export interface ParameterAttributes {
  /** Unique in the network. */
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** How the owner finds or makes the bytes; opaque here, handed back at serialization. */
  readonly source: object;
  /** The tensor stands for `factor` times the source. */
  readonly factor: number;
  /** Multiply-adds spent on preparing it once per evaluation, by the definition; folding saves them, the count keeps them. */
  readonly cost: number;
}

export const parameter = operator<[], ParameterAttributes>({
  infer: (_, { name, type, shape }) => {
    if (countElements(shape) < 1) throw mismatch(`parameter ${name} is empty: ${show(shape)}`);
    return { type, shape };
  },
  forward: (emit, _inputs, _value, { name, type, shape, source, factor }) =>
    emit.defer(name, type, shape, source, factor),
  gradient: () => [],
  cost: (_inputs, _output, { cost }) => cost,
});
