/** @file From a graph to ONNX: simplify, lower every value by its rule, ask for the weights, write the protobuf. */
import { type Deferred, Emitter } from "./emitter.js";
import { type Graph, ruleOf } from "./graph.js";
import type { ExternalData, OnnxModel, TensorSpec } from "./model.js";
import { encodeModel, type OnnxNode } from "./onnx.js";
import { simplify } from "./simplify.js";

/**
 * Makes the bytes of the parameters: `factor` times the source, in the type asked, little endian. Returns them by path; a
 * parameter whose bytes were put into a file of that name may be left out.
 */
export type Fill = (parameters: readonly Deferred[]) => Promise<readonly ExternalData[]>;

const noParameters: Fill = async (parameters) => {
  if (parameters.length > 0) throw new Error("the graph has parameters: toOnnx needs a function that fills them");
  return [];
};

/**
 * Serializes a graph. Values that no output needs are left out; large weights go beside the protobuf.
 * @param fill called once with every parameter that is left
 */
export async function toOnnx(graph: Graph, fill: Fill = noParameters): Promise<OnnxModel> {
  const { emitter, outputs } = lower(simplify(graph));
  const externalData = await fill(emitter.deferred);
  const protobuf = encodeModel({ nodes: emitter.nodes, constants: emitter.constants, inputs: graph.inputs, outputs });
  return { protobuf, externalData, inputs: graph.inputs, outputs };
}

function lower(graph: Graph): { emitter: Emitter; outputs: TensorSpec[] } {
  const emitter = new Emitter();
  const names = new Map<number, string>();
  for (const value of graph.values) {
    emitter.layer = value.layer;
    const inputs = value.inputs.map(({ id }) => names.get(id)!);
    names.set(value.id, ruleOf(value.operator).forward(emitter, inputs, value, value.attributes));
  }
  const outputs = [...graph.outputs].map(([name, { id, type, shape }]) => {
    rename(emitter, names.get(id)!, name);
    return { name, type, shape };
  });
  return { emitter, outputs };
}

/** A graph output carries its own name: an Identity node costs a copy only when onnxruntime cannot drop it. */
function rename(emitter: Emitter, tensor: string, output: string): void {
  const node: OnnxNode = {
    opType: "Identity",
    inputs: [tensor],
    outputs: [output],
    attributes: {},
    domain: "",
  };
  emitter.nodes.push(node);
}
