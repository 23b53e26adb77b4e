/** @file From a network to a graph that a runtime can load. */
import { DomainError } from "@tandem/errors";
import { type TensorData, toFloat32 } from "@tandem/formats";
import type { Deferred, OnnxModel } from "@tandem/graph";
import { denoiserGraph } from "./architectures.js";
import type { Network, OnnxNetwork } from "./network.js";
import type { ParameterSource } from "./parameters.js";
import { checkTensors } from "./weights/check-tensors.js";
import { type Folding, filledModel } from "./weights/filled-model.js";

export interface BuildOptions {
  /** Arithmetic of the bulk of the network; preconditioning, embedding and sums of squares stay float32. Default float32. */
  readonly computeType?: "float32" | "float16";
  /**
   * An empty folder for the weights: each becomes a file that onnxruntime maps. For a large network this loads twice as fast
   * as bytes in memory and takes half the peak memory. Whoever loads the model may delete the folder afterwards.
   */
  readonly externalFolder?: string;
  /** Adds every named activation as a float32 output `activation/<name>`: to find where two implementations part. */
  readonly activations?: boolean;
}

/**
 * Builds D(x; sigma, labels) with weights folded in. Inputs x [N, ...sample], sigma [N], labels [N,L] (absent when
 * unconditional); outputs denoised, logvar (U-Net), score and log_density (models of the plane). All float32.
 * An ONNX file's graph is given as it is.
 * @throws DomainError naming the tensor that is missing, unknown, of another shape or not finite; OUT_OF_MEMORY (disk full);
 *   NOT_SUPPORTED for what an ONNX file has decided otherwise
 */
export async function buildDenoiser(network: Network | OnnxNetwork, options: BuildOptions = {}): Promise<OnnxModel> {
  if (network.format === "onnx") return builtBefore(network, options);
  const { graph, specs, activations } = denoiserGraph(network.config, options.computeType);
  checkTensors("network", specs, network.tensors);
  if (options.activations) {
    for (const [name, value] of activations) graph.output(`activation/${name}`, graph.cast(value, "float32"));
  }
  return filledModel(graph, options.externalFolder, (parameter) => foldJob(parameter, network.tensors));
}

function builtBefore({ model, computeType }: OnnxNetwork, wanted: BuildOptions): OnnxModel {
  if (wanted.activations) throw new DomainError("NOT_SUPPORTED", "an ONNX file does not name its activations");
  if (wanted.computeType === undefined || wanted.computeType === computeType) return model;
  throw new DomainError("NOT_SUPPORTED", `this ONNX file computes in ${computeType}, not ${wanted.computeType}`);
}

/** The parameter as a tensor to be folded, its trained gain among the factors. */
function foldJob({ source, factor, type }: Deferred, tensors: ReadonlyMap<string, TensorData>): Folding {
  const { name, role, gain } = source as ParameterSource;
  const gained = gain === null ? factor : factor * scalar(gain, tensors);
  return {
    name,
    tensor: tensors.get(name)!,
    role,
    factor: gained,
    type: type === "float16" ? "float16" : "float32",
  };
}

function scalar(name: string, tensors: ReadonlyMap<string, TensorData>): number {
  const value = toFloat32(tensors.get(name)!)[0]!;
  if (!Number.isFinite(value)) throw new DomainError("NOT_FINITE", `tensor ${name} is ${value}`);
  return value;
}
