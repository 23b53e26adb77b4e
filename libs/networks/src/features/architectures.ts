/** @file Every architecture of feature networks, by the name that files carry. */
import { DomainError, invalid } from "@tandem/errors";
import { type Dinov2Config, dinov2Config } from "../dinov2/config.js";
import { dinov2Graph } from "../dinov2/graph.js";
import { dinov2Preprocess } from "../dinov2/preprocess.js";
import type { Unchecked } from "../fields.js";
import { type InceptionConfig, inceptionConfig } from "../inception/config.js";
import { inceptionGraph } from "../inception/graph.js";
import { inceptionPreprocess } from "../inception/preprocess.js";
import type { ParameterSpec } from "../parameters.js";
import type { FeatureArchitecture, FeatureGraph, InputSize } from "./architecture.js";
import type { Pixels } from "./pixels.js";

const inception: FeatureArchitecture<InceptionConfig> = {
  config: inceptionConfig,
  graph: inceptionGraph,
  featureDim: () => 2048,
  inputSize: [299, 299],
  preprocess: inceptionPreprocess,
};

const dinov2: FeatureArchitecture<Dinov2Config> = {
  config: dinov2Config,
  graph: dinov2Graph,
  featureDim: ({ embedDim }) => embedDim,
  inputSize: [224, 224],
  preprocess: dinov2Preprocess,
};

const architectures = { inception_v3: inception, dinov2 };

type Kind = keyof typeof architectures;
type ConfigOf<K extends Kind> = { readonly kind: K } & ReturnType<(typeof architectures)[K]["config"]>;

/** An architecture with its fields: all that is needed to build the network and to read its weights. */
export type FeatureNetworkConfig = { [K in Kind]: ConfigOf<K> }[Kind];

const rowOf = (kind: Kind) => architectures[kind] as unknown as FeatureArchitecture<object>;

const fieldsOf = ({ kind: _, ...fields }: FeatureNetworkConfig): object => fields;

/** Checks a configuration from outside and fills in defaults. @throws DomainError FIELD_INVALID, NOT_SUPPORTED */
export function featureNetworkConfig(values: Unchecked, path = "network"): FeatureNetworkConfig {
  const { kind, ...fields } = values;
  const known = Object.keys(architectures).join(", ");
  if (typeof kind !== "string") throw invalid(`${path}.kind`, kind, `one of ${known}`);
  if (!Object.hasOwn(architectures, kind)) {
    throw new DomainError("NOT_SUPPORTED", `${path}.kind is "${kind}", no feature network known here; known: ${known}`);
  }
  return { kind, ...rowOf(kind as Kind).config(fields, path) } as FeatureNetworkConfig;
}

/** The network as a graph; by default for the size that published features are made at. */
export const featureGraph = (config: FeatureNetworkConfig, size: InputSize = inputSize(config)): FeatureGraph =>
  rowOf(config.kind).graph(fieldsOf(config), size);

/** Every tensor of the network, by name and shape. */
export const featureTensors = (config: FeatureNetworkConfig): readonly Pick<ParameterSpec, "name" | "shape">[] =>
  featureGraph(config).specs;

/** Width of its features. */
export const featureDim = (config: FeatureNetworkConfig): number => rowOf(config.kind).featureDim(fieldsOf(config));

/** Height and width of its input, in pixels. */
export const inputSize = ({ kind }: FeatureNetworkConfig): InputSize => rowOf(kind).inputSize;

/**
 * Writes the network's input for one image: resized and scaled as the detector's reference does it.
 * @param target [3,H,W] of `inputSize`
 */
export const preprocess = ({ kind }: FeatureNetworkConfig, image: Pixels, target: Float32Array): void =>
  rowOf(kind).preprocess(image, target);
