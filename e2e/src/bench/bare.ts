/** @file The peer: onnxruntime alone, in this process, with the same graph and as many threads. */
import { availableParallelism } from "node:os";
import { buildDenoiser, type Network } from "@tandem/networks";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Batch } from "./networks.js";

/** Evaluates a batch with a bare session; the result is D(x; sigma, labels). */
export type BareDenoiser = (batch: Batch) => Promise<Float32Array>;

export async function bareDenoiser(network: Network, threads = availableParallelism()): Promise<BareDenoiser> {
  const model = await buildDenoiser(network);
  const session = await InferenceSession.create(model.protobuf, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    externalData: model.externalData.map(({ path, data }) => ({ path, data })),
  });
  return async ({ shape, x, sigma, labels }) => {
    const count = shape[0]!;
    const feeds = {
      x: new Tensor("float32", x, shape),
      sigma: new Tensor("float32", sigma, [count]),
      labels: new Tensor("float32", labels, [count, labels.length / count]),
    };
    const { denoised } = await session.run(feeds, ["denoised"]);
    return denoised!.data as Float32Array;
  };
}
