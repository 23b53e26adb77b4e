/** @file What an architecture of feature networks brings: its fields, its graph, and what it makes of an image before. */
import type { Graph, Value } from "@tandem/graph";
import type { Unchecked } from "../fields.js";
import type { ParameterSpec } from "../parameters.js";
import type { Pixels } from "./pixels.js";

/** A feature network as a graph that has no weights yet. */
export interface FeatureGraph {
  /** Input x [N,3,H,W] float32, as `preprocess` makes it; output features [N,D], and others of the architecture. */
  readonly graph: Graph;
  /** Every tensor of the network, in the order of first use. */
  readonly specs: readonly ParameterSpec[];
  /** Named activations, in the order of evaluation. */
  readonly activations: ReadonlyMap<string, Value>;
}

/** Height and width of the network's input, in pixels. */
export type InputSize = readonly [height: number, width: number];

/** One row of the table in architectures.ts. */
export interface FeatureArchitecture<Config> {
  /** Checks fields and fills in defaults. @throws DomainError FIELD_INVALID naming the field under `path` */
  readonly config: (values: Unchecked, path: string) => Config;
  /** Builds the network for inputs of a size. @throws DomainError FIELD_INVALID for a size that it does not take */
  readonly graph: (config: Config, size: InputSize) => FeatureGraph;
  /** Width of the features. */
  readonly featureDim: (config: Config) => number;
  /** Size that its published features are made at. */
  readonly inputSize: InputSize;
  /** Writes the network's input [3,H,W] for one image of any size, at that size. */
  readonly preprocess: (image: Pixels, target: Float32Array) => void;
}
