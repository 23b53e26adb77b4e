/** @file The ONNX protobuf, written field by field: only the messages and fields that our graphs use (onnx.proto, IR version 10). */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ElementType, TensorSpec } from "./model.js";
import type { Domain, OpType } from "./operator-set.js";

/** ONNX's numbers of our element types (TensorProto.DataType). */
export const onnxTypes: Record<ElementType, number> = { float32: 1, uint8: 2, int64: 7, bool: 9, float16: 10 };

/** Bytes of one element. */
export const elementBytes: Record<ElementType, number> = { float32: 4, uint8: 1, int64: 8, bool: 1, float16: 2 };

/** A number is an integer attribute; a float is wrapped, since 1 may be either. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** One node of an ONNX graph. */
export interface OnnxNode {
  readonly opType: OpType;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  /** Operator set: "" is ONNX itself. */
  readonly domain: Domain;
}

/** A constant: its bytes, or where they will be found beside the protobuf. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly content: { readonly bytes: Uint8Array } | { readonly path: string; readonly length: number };
}

/** Everything a graph is. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** IR version 10 belongs to ONNX 1.16, the release of operator set 21; set 20 is enough for us. */
const irVersion = 10;
const operatorSetVersion = 20;

/** Serializes a graph as a ModelProto. */
export function encodeModel(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.uint32(1 << 3).int64(irVersion);
  text(writer, 2, "tandem");
  message(writer, 7, (body) => encodeGraph(body, graph));
  for (const [domain, version] of [["", operatorSetVersion] as const, ["com.microsoft", 1] as const]) {
    message(writer, 8, (body) => {
      text(body, 1, domain);
      body.uint32(2 << 3).int64(version);
    });
  }
  return writer.finish() as Uint8Array<ArrayBuffer>;
}

function encodeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, (body) => encodeNode(body, node));
  text(writer, 2, "graph");
  for (const constant of graph.constants) message(writer, 5, (body) => encodeConstant(body, constant));
  for (const spec of graph.inputs) message(writer, 11, (body) => encodeSpec(body, spec));
  for (const spec of graph.outputs) message(writer, 12, (body) => encodeSpec(body, spec));
}

function encodeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.outputs[0]!);
  text(writer, 4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) {
    message(writer, 5, (body) => {
      text(body, 1, name);
      encodeAttribute(body, value);
    });
  }
  if (node.domain) text(writer, 7, node.domain);
}

/** AttributeProto: the value's field, then the type that says which field it is. */
function encodeAttribute(writer: BinaryWriter, value: OnnxAttribute): void {
  const type = (n: number) => writer.uint32(20 << 3).int32(n);
  if (typeof value === "number") {
    writer.uint32(3 << 3).int64(value);
    type(2);
  } else if (typeof value === "string") {
    text(writer, 4, value);
    type(3);
  } else if ("float" in value) {
    writer.uint32((2 << 3) | WireType.Bit32).float(value.float);
    type(1);
  } else {
    for (const n of value) writer.uint32(8 << 3).int64(n);
    type(7);
  }
}

function encodeConstant(writer: BinaryWriter, { name, type, shape, content }: OnnxConstant): void {
  for (const extent of shape) writer.uint32(1 << 3).int64(extent);
  writer.uint32(2 << 3).int32(onnxTypes[type]);
  text(writer, 8, name);
  if ("bytes" in content) {
    writer.uint32((9 << 3) | WireType.LengthDelimited).bytes(content.bytes);
    return;
  }
  for (const [key, value] of [
    ["location", content.path],
    ["offset", "0"],
    ["length", String(content.length)],
  ] as const) {
    message(writer, 13, (body) => {
      text(body, 1, key);
      text(body, 2, value);
    });
  }
  writer.uint32(14 << 3).int32(1);
}

/** ValueInfoProto with a tensor type. */
function encodeSpec(writer: BinaryWriter, spec: TensorSpec): void {
  text(writer, 1, spec.name);
  message(writer, 2, (typeProto) =>
    message(typeProto, 1, (tensor) => {
      tensor.uint32(1 << 3).int32(onnxTypes[spec.type]);
      message(tensor, 2, (shape) => {
        for (const extent of spec.shape) {
          message(shape, 1, (dimension) => {
            if (typeof extent === "number") dimension.uint32(1 << 3).int64(extent);
            else text(dimension, 2, extent);
          });
        }
      });
    }),
  );
}

const text = (writer: BinaryWriter, field: number, value: string): void => {
  writer.uint32((field << 3) | WireType.LengthDelimited).string(value);
};

const message = (writer: BinaryWriter, field: number, write: (body: BinaryWriter) => void): void => {
  writer.uint32((field << 3) | WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
