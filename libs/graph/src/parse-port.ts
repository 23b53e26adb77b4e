/** @file One input or output as an ONNX file declares it. */
import { DomainError } from "@tandem/errors";
import type { ElementType, Extent, TensorSpec } from "./model.js";
import { onnxTypes } from "./onnx.js";
import { DIMENSION, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from "./onnx-fields.js";
import { type Field, numberOf, textOf } from "./protobuf.js";

/** Axes of a tensor, and elements along one of them: more than any sample has. */
const [MAX_RANK, MAX_EXTENT] = [8, 2 ** 20];

/**
 * Reads a ValueInfoProto. A first extent that is free is "N", whatever the file calls it.
 * @throws DomainError NOT_SUPPORTED naming the port whose type or shape is missing, unknown or without end
 */
export function parsePort(port: Uint8Array, fields: (message: Uint8Array) => Iterable<Field>): TensorSpec {
  let name = "";
  let type = 0;
  const shape: Extent[] = [];
  const inside = function* (message: Uint8Array, number: number): Generator<Uint8Array> {
    for (const field of fields(message)) if (field.number === number && field.wireType === 2) yield field.value;
  };
  for (const value of inside(port, VALUE_INFO.name)) name = textOf(value).slice(0, 80);
  for (const typeProto of inside(port, VALUE_INFO.type)) {
    for (const tensor of inside(typeProto, TYPE.tensor)) {
      for (const { number, value, wireType } of fields(tensor)) {
        if (number === TENSOR_TYPE.elementType && wireType === 0) type = numberOf(value);
        if (number !== TENSOR_TYPE.shape || wireType !== 2) continue;
        for (const dimension of inside(value, SHAPE.dimension)) {
          shape.push(parseExtent([...fields(dimension)], shape.length, name));
          if (shape.length > MAX_RANK) throw unreadable(name, `more than ${MAX_RANK} axes`);
        }
      }
    }
  }
  const found = (Object.keys(onnxTypes) as ElementType[]).find((key) => onnxTypes[key] === type);
  if (!found) throw unreadable(name, `ONNX's element type ${type}, unknown here`);
  if (shape.length === 0) throw unreadable(name, "no shape; the first axis must be the batch");
  return { name, type: found, shape };
}

function parseExtent(dimension: readonly Field[], axis: number, name: string): Extent {
  const value = dimension.find(({ number, wireType }) => number === DIMENSION.value && wireType === 0);
  if (!value) {
    if (axis === 0) return "N";
    throw unreadable(name, `a free extent at axis ${axis}; only the batch may be free`);
  }
  const extent = numberOf(value.value);
  if (extent >= 1 && extent <= MAX_EXTENT) return extent;
  throw unreadable(name, `extent ${extent} at axis ${axis}; 1 to ${MAX_EXTENT} are read`);
}

const unreadable = (name: string, what: string) =>
  new DomainError("NOT_SUPPORTED", `its port ${JSON.stringify(name)} has ${what}`);
