/** @file An ONNX model as one file: weights inside, texts about it, and the batch fixed if wanted. */
import { DomainError } from "@tandem/errors";
import type { OnnxModel } from "./model.js";
import { DIMENSION, ENTRY, GRAPH, MODEL, SHAPE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from "./onnx-fields.js";
import {
  delimited,
  encodeField,
  type Field,
  fieldsOf,
  type Pieces,
  sizeOfPieces,
  textField,
  textOf,
  varintField,
} from "./protobuf.js";

/** What goes into the file beside the model. */
export interface SelfContainedOptions {
  /** Every input's and output's first extent; undefined leaves it free, under the name "N". */
  readonly batch?: number | undefined;
  /** Texts for `metadata_props`, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Way from ValueInfoProto to its dimensions. */
const DIMENSIONS = [VALUE_INFO.type, TYPE.tensor, TENSOR_TYPE.shape, SHAPE.dimension] as const;
/** Protocol buffers end here, bytes. */
const LARGEST = 2 ** 31 - 1;

/**
 * The model's file, in pieces.
 * @throws DomainError LIMIT_EXCEEDED when it would exceed 2 GiB
 */
export function selfContained(model: OnnxModel, { batch, metadata = {} }: SelfContainedOptions = {}): Pieces {
  const weights = new Map(model.externalData.map(({ path, data }) => [path, data]));
  const graph = (value: Uint8Array) =>
    mapFields(value, (field) => {
      if (field.number === GRAPH.initializer) return delimited(field.number, withWeights(field.value, weights));
      const isPort = field.number === GRAPH.input || field.number === GRAPH.output;
      return isPort && batch !== undefined ? delimited(field.number, withBatch(field.value, batch)) : undefined;
    });
  const pieces = [
    ...mapFields(model.protobuf, (field) =>
      field.number === MODEL.graph ? delimited(field.number, graph(field.value)) : undefined,
    ),
    ...Object.entries(metadata).flatMap(([key, value]) => metadataField(key, value)),
  ];
  const size = sizeOfPieces(pieces);
  if (size > LARGEST)
    throw new DomainError(
      "LIMIT_EXCEEDED",
      `the model takes ${size} bytes, and a single ONNX file at most ${LARGEST}; float16 halves it`,
      { metadata: { limit: LARGEST } },
    );
  return pieces;
}

/** A text of `metadata_props`, as bytes that may follow a model's. */
export const metadataField = (key: string, value: string): Pieces =>
  delimited(MODEL.metadata, [...textField(ENTRY.key, key), ...textField(ENTRY.value, value)]);

/** A message with some fields replaced; `undefined` keeps a field. */
function mapFields(message: Uint8Array, replace: (field: Field) => Pieces | undefined): Pieces {
  return [...fieldsOf(message)].flatMap((field) => replace(field) ?? encodeField(field));
}

/** A TensorProto with its external data inside. */
function withWeights(tensor: Uint8Array, weights: ReadonlyMap<string, Uint8Array>): Pieces {
  let data: Uint8Array | undefined;
  const kept = mapFields(tensor, (field) => {
    if (field.number === TENSOR.dataLocation) return [];
    if (field.number !== TENSOR.externalData) return undefined;
    const entry = new Map([...fieldsOf(field.value)].map(({ number, value }) => [number, textOf(value)]));
    if (entry.get(ENTRY.key) === "location") data = weights.get(entry.get(ENTRY.value) ?? "");
    return [];
  });
  return data ? [...kept, ...delimited(TENSOR.rawData, [data])] : kept;
}

/** A ValueInfoProto whose extents named "N" are a number. */
function withBatch(port: Uint8Array, batch: number, depth = 0): Pieces {
  return mapFields(port, (field) => {
    if (field.number !== DIMENSIONS[depth]) return undefined;
    if (depth + 1 < DIMENSIONS.length) return delimited(field.number, withBatch(field.value, batch, depth + 1));
    const isBatch = [...fieldsOf(field.value)].some(
      ({ number, value }) => number === DIMENSION.parameter && textOf(value) === "N",
    );
    return isBatch ? delimited(field.number, varintField(DIMENSION.value, batch)) : undefined;
  });
}
