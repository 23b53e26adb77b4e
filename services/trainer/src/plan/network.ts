/** @file The network of a run: what the request says of it, and what its dataset decides. */
import { Edm2Unet, NetworkConfig } from "@tandem/contracts";
import type { DatasetFacts } from "@tandem/datasets";
import { DomainError, invalid } from "@tandem/errors";
import { readNetworkConfig, writeNetworkConfig } from "@tandem/network-messages";
import type { Edm2UnetConfig } from "@tandem/networks";

const FIELD = "spec.edm2.network";

/**
 * Every field of the network, in a message.
 * @param network  the request's, merged with its preset's
 * @param isConditional  whether it learns labels
 * @throws DomainError FIELD_INVALID naming a field that contradicts the dataset or is out of range; DATASET_INVALID
 */
export function resolveNetwork(network: Edm2Unet | undefined, facts: DatasetFacts, isConditional: boolean): Edm2Unet {
  const own = network ?? Edm2Unet.fromPartial({});
  const [stored = 0, height = 0, width = 0] = facts.shape;
  if (height !== width)
    throw new DomainError(
      "DATASET_INVALID",
      `the dataset's samples are ${width}x${height}; networks take square ones`,
      {
        field: "spec.edm2.dataset",
      },
    );
  const decided = {
    imgResolution: height,
    imgChannels: facts.kind === "latents" ? stored / 2 : stored,
    labelDim: isConditional ? facts.labelDim : 0,
  };
  for (const [name, contractName] of decidedFields) {
    if (own[name] === 0 || own[name] === decided[name]) continue;
    throw invalid(`${FIELD}.${contractName}`, own[name], `absent, or ${decided[name]} as the dataset has it`);
  }
  const message = writeNetworkConfig(readNetwork({ ...own, ...decided }));
  return (message.architecture as { value: Edm2Unet }).value;
}

const decidedFields = [
  ["imgResolution", "img_resolution"],
  ["imgChannels", "img_channels"],
  ["labelDim", "label_dim"],
] as const;

/** The configuration of a network's message. @throws DomainError FIELD_INVALID */
export function readNetwork(value: Edm2Unet): Edm2UnetConfig & { readonly kind: "edm2_unet" } {
  const config = readNetworkConfig(NetworkConfig.fromPartial({ architecture: { $case: "edm2Unet", value } }), FIELD);
  return config as Edm2UnetConfig & { readonly kind: "edm2_unet" };
}
