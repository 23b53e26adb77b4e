export { labelDim, type NetworkConfig, networkConfig, sampleShape } from "./architectures.js";
export { type BuildOptions, buildDenoiser } from "./build.js";
export type { Edm2UnetConfig } from "./edm2/config.js";
export type { GaussianMixtureConfig } from "./mixture/config.js";
export type { Encoding, Network, Provenance } from "./network.js";
export type { ToyMlpConfig } from "./toy/config.js";
