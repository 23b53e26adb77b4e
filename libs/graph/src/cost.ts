/** @file What one evaluation costs, counted from the graph as defined, before anything is folded. */
import { type Graph, ruleOf } from "./graph.js";
import type { OperatorName } from "./operators/index.js";

/** Multiply-adds of one sample (numerics, section 10). */
export interface OperationCount {
  readonly multiplyAdds: number;
  /** In the order of first use; layers are the network's names. */
  readonly byLayer: ReadonlyMap<string, number>;
  readonly byOperation: ReadonlyMap<OperatorName, number>;
  /** Every value that costs something, in the order of evaluation. */
  readonly values: readonly ValueCount[];
}

/** Cost of one value. */
export interface ValueCount {
  readonly layer: string;
  readonly operation: OperatorName;
  /** With N = 1. */
  readonly shape: readonly number[];
  readonly multiplyAdds: number;
}

/** Counts every value of the graph with N = 1. Needs no weights. */
export function countOperations(graph: Graph): OperationCount {
  let multiplyAdds = 0;
  const byLayer = new Map<string, number>();
  const byOperation = new Map<OperatorName, number>();
  const values: ValueCount[] = [];
  for (const value of graph.values) {
    const cost = ruleOf(value.operator).cost(value.inputs, value, value.attributes);
    if (cost === 0) continue;
    multiplyAdds += cost;
    const shape = value.shape.map((extent) => (typeof extent === "number" ? extent : 1));
    values.push({ layer: value.layer, operation: value.operator, shape, multiplyAdds: cost });
    byLayer.set(value.layer, (byLayer.get(value.layer) ?? 0) + cost);
    byOperation.set(value.operator, (byOperation.get(value.operator) ?? 0) + cost);
  }
  return { multiplyAdds, byLayer, byOperation, values };
}
