/** @file NetworkConfig of the contract and of the networks library, both ways. Ranges and defaults are the library's. */
import type { NetworkConfig as NetworkConfigMessage } from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import { type AutoencoderConfig, downscaleOf, type NetworkConfig, networkConfig } from "@tandem/networks";

type Architecture = NonNullable<NetworkConfigMessage["architecture"]>;
type Value<K extends Architecture["$case"]> = Extract<Architecture, { $case: K }>["value"];

/**
 * The architecture with its defaults filled in.
 * @param field path of the message in its request
 * @throws DomainError FIELD_INVALID naming the field, its value and the allowed range; NOT_SUPPORTED for autoencoders
 */
export function readNetworkConfig({ architecture }: NetworkConfigMessage, field: string): NetworkConfig {
  switch (architecture?.$case) {
    case "edm2Unet":
      return checked({ kind: "edm2_unet", ...edm2Fields(architecture.value) }, `${field}.edm2_unet`);
    case "toyMlp":
      return checked({ kind: "toy_mlp", ...toyFields(architecture.value) }, `${field}.toy_mlp`);
    case "gaussianMixture":
      return checked({ kind: "gaussian_mixture", ...mixtureFields(architecture.value) }, `${field}.gaussian_mixture`);
    case "klAutoencoder":
      throw new DomainError("NOT_SUPPORTED", "autoencoders are not made of random weights; give their weights", {
        field: `${field}.kl_autoencoder`,
      });
    case undefined:
      throw invalid(field, undefined, "edm2_unet, toy_mlp or gaussian_mixture");
  }
}

/** The architecture as a message, every field explicit. */
export function writeNetworkConfig(config: NetworkConfig): NetworkConfigMessage {
  switch (config.kind) {
    case "edm2_unet": {
      const { kind: _, channelMult, attnResolutions, ...fields } = config;
      const value = { ...fields, channelMult: [...channelMult], attnResolutions: { values: [...attnResolutions] } };
      return { architecture: { $case: "edm2Unet", value } };
    }
    case "toy_mlp": {
      const { kind: _, ...value } = config;
      return { architecture: { $case: "toyMlp", value } };
    }
    case "gaussian_mixture": {
      const { classes, seed } = config;
      return { architecture: { $case: "gaussianMixture", value: { classes, seed: BigInt(seed) } } };
    }
  }
}

/** An autoencoder's architecture as a message. Channels that are no multiples of the first level's are left out. */
export function writeAutoencoderConfig(config: AutoencoderConfig): NetworkConfigMessage {
  const { imgChannels, latentChannels, blockOutChannels, layersPerBlock, normNumGroups } = config;
  const baseChannels = blockOutChannels[0]!;
  const multiples = blockOutChannels.map((channels) => channels / baseChannels);
  const value = {
    imgChannels,
    latentChannels,
    downscale: downscaleOf(config),
    channelMult: multiples.every(Number.isInteger) ? multiples : [],
    baseChannels,
    layersPerBlock,
    normGroups: normNumGroups,
  };
  return { architecture: { $case: "klAutoencoder", value } };
}

function edm2Fields(message: Value<"edm2Unet">) {
  const { channelMult, attnResolutions, channelMultNoise, channelMultEmb } = message;
  return {
    ...message,
    modelChannels: unlessZero(message.modelChannels),
    channelMult: channelMult.length > 0 ? channelMult : undefined,
    channelMultNoise: unlessZero(channelMultNoise),
    channelMultEmb: unlessZero(channelMultEmb),
    numBlocks: unlessZero(message.numBlocks),
    attnResolutions: attnResolutions?.values,
    channelsPerHead: unlessZero(message.channelsPerHead),
    logvarChannels: unlessZero(message.logvarChannels),
    sigmaData: unlessZero(message.sigmaData),
  };
}

function toyFields(message: Value<"toyMlp">) {
  return {
    numLayers: unlessZero(message.numLayers),
    hiddenDim: unlessZero(message.hiddenDim),
    sigmaData: unlessZero(message.sigmaData),
  };
}

function mixtureFields({ classes, seed }: Value<"gaussianMixture">) {
  return { classes: classes || undefined, seed: seed === undefined ? undefined : Number(seed) };
}

/** Where 0 is no legal value the contract lets it mean the default. */
function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** The library names fields as TypeScript does; who sent a message knows them as the contract does. */
function checked(values: Record<string, unknown>, path: string): NetworkConfig {
  try {
    return networkConfig(values, path);
  } catch (error) {
    const field = error instanceof DomainError ? error.details.field : undefined;
    if (!(error instanceof DomainError) || field === undefined) throw error;
    const contractField = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const message = error.message.replaceAll(field, contractField);
    throw new DomainError(error.reason, message, { ...error.details, field: contractField });
  }
}
