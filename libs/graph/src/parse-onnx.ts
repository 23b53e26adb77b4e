/**
 * @file ONNX files from outside: what a model takes and gives, the texts in it, and that nothing in it reaches beyond it. A
 * graph may consist of the operators that ours consist of, and holds its weights itself. onnxruntime, which reads the same bytes
 * afterwards, thus follows no path, opens no other file and runs no operator that we have not met.
 */
import { DomainError } from "@tandem/errors";
import type { ElementType, TensorSpec } from "./model.js";
import { elementBytes, onnxTypes } from "./onnx.js";
import { ATTRIBUTE, ENTRY, GRAPH, MODEL, NODE, TENSOR } from "./onnx-fields.js";
import { operatorSet } from "./operator-set.js";
import { parsePort } from "./parse-port.js";
import { type Field, fieldsOf, numberOf, numbersOf, textOf } from "./protobuf.js";

/** What an ONNX file says of its model. */
export interface ParsedOnnx {
  /** In the file's order; a batch of any size is "N". */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Type of most of the weights, by bytes. */
  readonly weightType: "float32" | "float16";
}

/** Fields that are looked at: EDM2-XXL has 18 000, and as many as these take 0.2 s. */
const MAX_FIELDS = 250_000;
/** Bytes of a metadata text. */
const MAX_TEXT = 1 << 20;

const attributeFields = new Set<number>(Object.values(ATTRIBUTE));
const typeOf = new Map(Object.entries(onnxTypes).map(([type, number]) => [number, type as ElementType]));
const operatorsOf = new Map<string, readonly string[]>([
  ...Object.entries(operatorSet),
  ["ai.onnx", operatorSet[""]], // the long name of ""
]);

/**
 * Reads a model's ports and texts, and checks all of its graph. Weights are skipped, so the time depends on the graph alone.
 * @param path for messages
 * @throws DomainError UNSAFE_FILE for what is damaged or refers to other files; NOT_SUPPORTED for operators and ports unknown here
 */
export function parseOnnx(bytes: Uint8Array, path: string): ParsedOnnx {
  const fields = boundedFields();
  try {
    return parseModel(bytes, fields);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.reason, `${path}: ${error.message}`, { resource: path, cause: error });
  }
}

/** Reads fields of messages; all together at most MAX_FIELDS. */
export type ReadFields = (message: Uint8Array) => Iterable<Field>;

function boundedFields(): ReadFields {
  let left = MAX_FIELDS;
  return function* (message) {
    for (const field of fieldsOf(message)) {
      if (left-- === 0) throw unsafe(`it has more than ${MAX_FIELDS} fields`);
      yield field;
    }
  };
}

function parseModel(bytes: Uint8Array, fields: ReadFields): ParsedOnnx {
  const metadata: Record<string, string> = {};
  const [inputs, outputs]: [TensorSpec[], TensorSpec[]] = [[], []];
  const weightBytes = new Map<ElementType, number>();
  let hasGraph = false;
  for (const { number, wireType, value } of fields(bytes)) {
    if (number === MODEL.training) throw unsupported("it has a training graph");
    if (number === MODEL.functions) throw unsupported("it has functions of its own");
    if (wireType !== 2) continue;
    if (number === MODEL.metadata) Object.assign(metadata, parseText(value, fields));
    if (number !== MODEL.graph) continue;
    hasGraph = true;
    for (const field of fields(value)) {
      if (field.number === GRAPH.sparseInitializer) throw unsupported("it has sparse weights");
      if (field.number === GRAPH.node) checkNode(field.value, fields);
      if (field.number === GRAPH.input) inputs.push(parsePort(field.value, fields));
      if (field.number === GRAPH.output) outputs.push(parsePort(field.value, fields));
      if (field.number !== GRAPH.initializer) continue;
      const [type, size] = checkWeight(field.value, fields);
      weightBytes.set(type, (weightBytes.get(type) ?? 0) + size);
    }
  }
  if (!hasGraph) throw unsafe("there is no graph in it: it is no ONNX file, or damaged");
  const isHalf = (weightBytes.get("float16") ?? 0) > (weightBytes.get("float32") ?? 0);
  return { inputs, outputs, metadata, weightType: isHalf ? "float16" : "float32" };
}

function parseText(entry: Uint8Array, fields: ReadFields): Record<string, string> {
  if (entry.length > MAX_TEXT) throw unsafe(`a text in its metadata has ${entry.length} bytes, over ${MAX_TEXT}`);
  const texts = new Map([...fields(entry)].map(({ number, value }) => [number, textOf(value)]));
  return { [texts.get(ENTRY.key) ?? ""]: texts.get(ENTRY.value) ?? "" };
}

/** Operators we know, whose attributes hold neither tensors nor graphs: in those, other files could be named. */
function checkNode(node: Uint8Array, fields: ReadFields): void {
  let [opType, domain] = ["", ""];
  for (const { number, value } of fields(node)) {
    if (number === NODE.opType) opType = textOf(value);
    if (number === NODE.domain) domain = textOf(value);
    if (number !== NODE.attribute) continue;
    for (const field of fields(value)) {
      if (!attributeFields.has(field.number))
        throw unsupported("an attribute of its nodes is a tensor or graph; only numbers and texts are read");
    }
  }
  if (operatorsOf.get(domain)?.includes(opType)) return;
  const name = quoted(domain === "" ? opType : `${domain}.${opType}`);
  throw unsupported(`its operator ${name} is none of those that this system's networks consist of`);
}

/** A weight that lies in the file, whole. @returns its type and bytes */
function checkWeight(tensor: Uint8Array, fields: ReadFields): [ElementType, number] {
  const dims: number[] = [];
  let [name, type, rawBytes]: [string, number, number | undefined] = ["", 0, undefined];
  for (const field of fields(tensor)) {
    const { number, value } = field;
    const isElsewhere = number === TENSOR.dataLocation && numberOf(value) !== 0;
    if (number === TENSOR.externalData || isElsewhere)
      throw unsafe("its weights lie in other files; a self-contained file is needed");
    if (number === TENSOR.dims) dims.push(...numbersOf(field));
    if (number === TENSOR.dataType) type = numberOf(value);
    if (number === TENSOR.name) name = textOf(value);
    if (number === TENSOR.rawData) rawBytes = value.length;
  }
  const elementType = typeOf.get(type);
  if (!elementType) throw unsupported(`its weight ${quoted(name)} has ONNX's type ${type}, unknown here`);
  const expected = dims.reduce((product, extent) => product * extent, elementBytes[elementType]);
  if (rawBytes !== undefined && rawBytes !== expected)
    throw unsafe(
      `damaged: weight ${quoted(name)} has ${rawBytes} bytes, and ${elementType} [${dims}] takes ${expected}`,
    );
  return [elementType, expected];
}

/** A name from a file, short enough for a message. */
const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);

const unsafe = (message: string) => new DomainError("UNSAFE_FILE", message);
const unsupported = (message: string) => new DomainError("NOT_SUPPORTED", message);
