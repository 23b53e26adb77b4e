/** @file What an architecture brings: its fields, and the graph of its denoiser. */
import type { ElementType, Graph, Value } from "@tandem/graph";
import type { Unchecked } from "./fields.js";
import type { ParameterSpec } from "./parameters.js";

/** A denoiser as a graph that has no weights yet. */
export interface DenoiserGraph {
  readonly graph: Graph;
  /** Every tensor of the network, in the order of first use. */
  readonly specs: readonly ParameterSpec[];
  /** Named activations, in the order of evaluation. */
  readonly activations: ReadonlyMap<string, Value>;
}

/** One row of the table in architectures.ts. */
export interface Architecture<Config> {
  /** Checks fields and fills in defaults. @throws DomainError FIELD_INVALID naming the field under `path` */
  readonly config: (values: Unchecked, path: string) => Config;
  /** Builds D(x; sigma, labels). `type` is that of the bulk of the network. */
  readonly denoiser: (config: Config, type: ElementType) => DenoiserGraph;
  /** Shape of one sample, without the batch. */
  readonly sampleShape: (config: Config) => readonly number[];
  /** Width of a label row; 0 means unconditional. */
  readonly labelDim: (config: Config) => number;
}
