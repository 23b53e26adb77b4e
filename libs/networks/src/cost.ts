/** @file What a network costs, from its configuration alone: no weights are made. */
import { countElements, countOperations, type ValueCount } from "@tandem/graph";
import { denoiserGraph, type NetworkConfig } from "./architectures.js";

/** Multiply-adds are for one sample (numerics, section 10). */
export interface NetworkCost {
  /** Trained numbers: weights and gains. */
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Of each layer, by its state-dict path, in the order of evaluation. */
  readonly layers: readonly LayerCost[];
  /** Multiply-adds by operation, e.g. conv, matmul, silu. */
  readonly operations: Readonly<Record<string, number>>;
  /** Every step of the graph that costs something, in the order of evaluation; they add up to `multiplyAdds`. */
  readonly steps: readonly ValueCount[];
}

/** One layer's share. */
export interface LayerCost {
  readonly name: string;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** Counts a network. */
export function countCost(config: NetworkConfig): NetworkCost {
  const { graph, specs } = denoiserGraph(config);
  const { multiplyAdds, byLayer, byOperation, values } = countOperations(graph);
  const trained = specs.filter(({ role }) => role !== "buffer");
  const parametersOf = new Map<string, number>();
  for (const { name, shape } of trained) {
    const layer = name.endsWith(".weight")
      ? name.slice(0, -".weight".length)
      : name.slice(0, Math.max(0, name.lastIndexOf(".")));
    parametersOf.set(layer, (parametersOf.get(layer) ?? 0) + countElements(shape));
  }
  const names = new Set([...byLayer.keys(), ...parametersOf.keys()]);
  return {
    parameters: [...parametersOf.values()].reduce((a, b) => a + b, 0),
    multiplyAdds,
    layers: [...names].map((name) => ({
      name,
      parameters: parametersOf.get(name) ?? 0,
      multiplyAdds: byLayer.get(name) ?? 0,
    })),
    operations: Object.fromEntries(byOperation),
    steps: values,
  };
}
