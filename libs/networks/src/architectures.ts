/** @file Every architecture, by the name that files and messages carry. */
import { DomainError, invalid } from "@tandem/errors";
import type { ElementType } from "@tandem/graph";
import type { Architecture, DenoiserGraph } from "./architecture.js";
import { type Edm2UnetConfig, edm2UnetConfig } from "./edm2/config.js";
import { edm2Denoiser } from "./edm2/denoiser.js";
import type { Unchecked } from "./fields.js";
import { type GaussianMixtureConfig, gaussianMixtureConfig } from "./mixture/config.js";
import { mixtureDenoiser } from "./mixture/denoiser.js";
import { type ToyMlpConfig, toyMlpConfig } from "./toy/config.js";
import { toyDenoiser } from "./toy/denoiser.js";

const edm2Unet: Architecture<Edm2UnetConfig> = {
  config: edm2UnetConfig,
  denoiser: edm2Denoiser,
  sampleShape: ({ imgChannels, imgResolution }) => [imgChannels, imgResolution, imgResolution],
  labelDim: ({ labelDim }) => labelDim,
};

const toyMlp: Architecture<ToyMlpConfig> = {
  config: toyMlpConfig,
  denoiser: toyDenoiser,
  sampleShape: () => [2],
  labelDim: () => 0,
};

const gaussianMixture: Architecture<GaussianMixtureConfig> = {
  config: gaussianMixtureConfig,
  denoiser: mixtureDenoiser,
  sampleShape: () => [2],
  labelDim: () => 0,
};

const architectures = { edm2_unet: edm2Unet, toy_mlp: toyMlp, gaussian_mixture: gaussianMixture };

type Kind = keyof typeof architectures;
type ConfigOf<K extends Kind> = { readonly kind: K } & ReturnType<(typeof architectures)[K]["config"]>;

/** An architecture with its fields: all that is needed to build the network and to read its weights. */
export type NetworkConfig = { [K in Kind]: ConfigOf<K> }[Kind];

const rowOf = (kind: Kind) => architectures[kind] as unknown as Architecture<object>;

const fieldsOf = ({ kind: _, ...fields }: NetworkConfig): object => fields;

/** Checks a configuration from outside and fills in defaults. @throws DomainError FIELD_INVALID, NOT_SUPPORTED */
export function networkConfig(values: Unchecked, path = "network"): NetworkConfig {
  const { kind, ...fields } = values;
  if (typeof kind !== "string") throw invalid(`${path}.kind`, kind, `one of ${Object.keys(architectures).join(", ")}`);
  if (!Object.hasOwn(architectures, kind)) {
    const known = Object.keys(architectures).join(", ");
    throw new DomainError("NOT_SUPPORTED", `${path}.kind is "${kind}", an architecture unknown here; known: ${known}`);
  }
  return { kind, ...rowOf(kind as Kind).config(fields, path) } as NetworkConfig;
}

/** The network's denoiser as a graph. */
export const denoiserGraph = (config: NetworkConfig, type: ElementType = "float32"): DenoiserGraph =>
  rowOf(config.kind).denoiser(fieldsOf(config), type);

/** Shape of one sample, without the batch: [C,H,W], or [2] in the plane. */
export const sampleShape = (config: NetworkConfig): readonly number[] =>
  rowOf(config.kind).sampleShape(fieldsOf(config));

/** Width of a label row; 0 means unconditional. */
export const labelDim = (config: NetworkConfig): number => rowOf(config.kind).labelDim(fieldsOf(config));
