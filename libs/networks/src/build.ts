/** @file From a network to a graph that a runtime can load. */
import { DomainError } from "@tandem/errors";
import { type TensorData, toFloat32 } from "@tandem/formats";
import { countElements, type Deferred, elementBytes, type Fill, type OnnxModel, toOnnx } from "@tandem/graph";
import { denoiserGraph } from "./architectures.js";
import type { Network } from "./network.js";
import type { ParameterSource } from "./parameters.js";
import { checkTensors } from "./weights/check-tensors.js";
import type { FoldJob } from "./weights/fold.js";
import { foldAll } from "./weights/fold-threads.js";

export interface BuildOptions {
  /** Arithmetic of the bulk of the network; preconditioning, embedding and sums of squares stay float32. Default float32. */
  readonly computeType?: "float32" | "float16";
  /** Adds every named activation as a float32 output `activation/<name>`: to find where two implementations part. */
  readonly activations?: boolean;
}

/**
 * Builds D(x; sigma, labels) with weights folded in. Inputs x [N, ...sample], sigma [N], labels [N,L] (absent when
 * unconditional); outputs denoised, logvar (U-Net), score and log_density (models of the plane). All float32.
 * @throws DomainError naming the tensor that is missing, unknown or of another shape
 */
export async function buildDenoiser(network: Network, options: BuildOptions = {}): Promise<OnnxModel> {
  const { graph, specs, activations } = denoiserGraph(network.config, options.computeType);
  checkTensors("network", specs, network.tensors);
  if (options.activations) {
    for (const [name, value] of activations) graph.output(`activation/${name}`, graph.cast(value, "float32"));
  }
  return toOnnx(graph, foldedWeights(network.tensors));
}

/** Fills the graph's parameters, all in one buffer that threads share. */
const foldedWeights =
  (tensors: ReadonlyMap<string, TensorData>): Fill =>
  async (parameters) => {
    const sizes = parameters.map(({ shape, type }) => Math.ceil((countElements(shape) * elementBytes[type]) / 64) * 64);
    const memory = new SharedArrayBuffer(sizes.reduce((a, b) => a + b, 0));
    let offset = 0;
    const jobs = parameters.map((parameter, i) => {
      const job = foldJob(parameter, tensors, memory, offset);
      offset += sizes[i]!;
      return job;
    });
    await foldAll(jobs);
    return jobs.map(({ target }) => new Uint8Array(memory, target.byteOffset, target.byteLength));
  };

function foldJob(
  parameter: Deferred,
  tensors: ReadonlyMap<string, TensorData>,
  memory: SharedArrayBuffer,
  offset: number,
): FoldJob {
  const { name, role, gain } = parameter.source as ParameterSource;
  const count = countElements(parameter.shape);
  const target =
    parameter.type === "float16" ? new Float16Array(memory, offset, count) : new Float32Array(memory, offset, count);
  const factor = parameter.factor * (gain === null ? 1 : scalar(gain, tensors));
  return { tensor: tensors.get(name)!, role, factor, target };
}

function scalar(name: string, tensors: ReadonlyMap<string, TensorData>): number {
  const value = toFloat32(tensors.get(name)!)[0]!;
  if (!Number.isFinite(value)) throw new DomainError("NOT_FINITE", `tensor ${name} is ${value}`);
  return value;
}
