/** @file What the graph of a network without weight normalization asks of its weights. */
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";
import type { Graph, Value } from "@tandem/graph";
import type { ParameterSpec } from "../parameters.js";

/** Tensors of a network by name, as float32; every one that was declared is there. */
export type TensorLookup = (name: string) => Float32Array;

/** Where a graph parameter's values come from: a stored tensor, or several folded into one. */
export interface StoredSource {
  readonly name: string;
  readonly make: (tensors: ReadonlyMap<string, TensorData>) => TensorData;
}

/** Declares tensors that are used as they are stored in a graph, and lists them. */
export class StoredWeights {
  readonly specs: ParameterSpec[] = [];

  constructor(private readonly g: Graph) {}

  /** A stored tensor, used as it is. `as` is another shape of the same elements. */
  stored(name: string, shape: readonly number[], as: readonly number[] = shape): Value {
    this.declare(name, shape);
    const make: StoredSource["make"] = (tensors) => tensors.get(name)!;
    return this.g.parameter({ name, type: "float32", shape: as, source: { name, make }, factor: 1, cost: 0 });
  }

  /** A tensor computed once, at load, from others that were declared. */
  folded(name: string, shape: readonly number[], fold: (tensor: TensorLookup) => Float32Array): Value {
    const make: StoredSource["make"] = (tensors) =>
      fromFloat32(
        fold((each) => toFloat32(tensors.get(each)!)),
        shape,
        "F32",
      );
    return this.g.parameter({ name, type: "float32", shape, source: { name, make }, factor: 1, cost: 0 });
  }

  /** Says that the network has a tensor. */
  declare(name: string, shape: readonly number[]): void {
    this.specs.push({ name, shape, role: "buffer" });
  }
}
