/** @file From a feature network to a graph that a runtime can load. */
import type { OnnxModel } from "@tandem/graph";
import { checkTensors } from "../weights/check-tensors.js";
import { filledModel } from "../weights/filled-model.js";
import type { StoredSource } from "../weights/stored-weights.js";
import type { InputSize } from "./architecture.js";
import { featureGraph } from "./architectures.js";
import type { FeatureNetwork } from "./feature-network.js";

export interface FeatureBuildOptions {
  /** Height and width of the input; by default those that published features are made at. */
  readonly inputSize?: InputSize;
  /** An empty folder for the weights, as in `buildDenoiser`. */
  readonly externalFolder?: string;
  /** Adds every named activation as an output `activation/<name>`: to find where two implementations part. */
  readonly activations?: boolean;
}

/**
 * Builds the network: input x [N,3,H,W] as `preprocess` makes it, output features [N,D]; Inception-v3 also logits [N,1008]
 * without bias, as the inception score takes them.
 * @throws DomainError naming the tensor that is missing, unknown, of another shape or not finite; OUT_OF_MEMORY (disk full)
 */
export async function buildFeatureNetwork(
  { config, tensors }: FeatureNetwork,
  { inputSize, externalFolder, activations = false }: FeatureBuildOptions = {},
): Promise<OnnxModel> {
  const { graph, specs, activations: named } = featureGraph(config, inputSize);
  checkTensors("network", specs, tensors);
  if (activations) for (const [name, value] of named) graph.output(`activation/${name}`, value);
  return filledModel(graph, externalFolder, ({ source, factor }) => {
    const { name, make } = source as StoredSource;
    return { name, tensor: make(tensors), role: "buffer", factor, type: "float32" };
  });
}
