/**
 * @file A network whose answer is known: data from N(mean of the label, spread^2), of which the exact denoiser is
 * D(x; sigma) = (spread^2 x + sigma^2 mean) / (spread^2 + sigma^2). Stands where a loaded network stands; all above it is real.
 */
import type { EvaluationRequest, Evaluator } from "@tandem/runtime";
import type { Denoiser, DenoiserInfo } from "../denoiser.js";
import { localDenoiser } from "../local-denoiser.js";
import { sizeOf } from "../tensor.js";

/** A Gaussian network. */
export interface GaussianOptions {
  readonly name?: string;
  /** Default [3, 4, 4]. */
  readonly sampleShape?: readonly number[];
  /** Default 4. */
  readonly labelDim?: number;
  /** Default 8. */
  readonly maxBatchSize?: number;
  /** Standard deviation of the data; default 1. */
  readonly spread?: number;
  /** The mean of label l is meanStep (l + 1), of a zero row 0; default 0.25. */
  readonly meanStep?: number;
  /** Called when an evaluation begins and awaited: a place to count, to wait, to fail. */
  readonly onEvaluation?: (request: EvaluationRequest) => void | Promise<void>;
}

/** What a Gaussian network is. */
export function gaussianInfo(options: GaussianOptions = {}): DenoiserInfo {
  const { name = "models/gaussian", sampleShape = [3, 4, 4], labelDim = 4, maxBatchSize = 8 } = options;
  return { name, sampleShape, labelDim, maxBatchSize, weightsDigests: { [name]: `sha256:${name}` } };
}

/** The exact denoiser of one sample: `out` for `x` at `sigma`, with its label row. */
export function gaussianDenoised(
  { spread = 1, meanStep = 0.25 }: GaussianOptions,
  x: Float32Array,
  sigma: number,
  label: Float32Array,
): Float32Array<ArrayBuffer> {
  const mean = label.reduce((sum, share, l) => sum + share * meanStep * (l + 1), 0);
  return Float32Array.from(x, (value) => (spread ** 2 * value + sigma ** 2 * mean) / (spread ** 2 + sigma ** 2));
}

/** The Gaussian network in place of a loaded one. */
export function gaussianEvaluator(options: GaussianOptions = {}): Evaluator {
  const { sampleShape, labelDim, maxBatchSize } = gaussianInfo(options);
  const size = sizeOf(sampleShape);
  const float = (name: string, shape: readonly (number | string)[]) => ({ name, type: "float32" as const, shape });
  return {
    execution: { provider: "cpu", requestedProvider: "cpu", device: "none", runtime: "closed form", memoryBytes: 0 },
    inputs: [
      float("x", ["N", ...sampleShape]),
      float("sigma", ["N"]),
      ...(labelDim > 0 ? [float("labels", ["N", labelDim])] : []),
    ],
    outputs: [float("denoised", ["N", ...sampleShape])],
    maxBatchSize,
    async evaluate(request) {
      await options.onEvaluation?.(request);
      request.signal?.throwIfAborted();
      const { x, sigma, labels = new Float32Array(0) } = request.inputs as Record<string, Float32Array>;
      const denoised = new Float32Array(request.count * size);
      for (let n = 0; n < request.count; n++) {
        const label = labels.subarray(n * labelDim, (n + 1) * labelDim);
        denoised.set(gaussianDenoised(options, x!.subarray(n * size, (n + 1) * size), sigma![n]!, label), n * size);
      }
      return { outputs: { denoised }, timing: { queueMs: 0, computeMs: 0 } };
    },
  };
}

/** A local denoiser over the Gaussian network. */
export function gaussianDenoiser(options: GaussianOptions = {}): Denoiser {
  return localDenoiser(gaussianInfo(options), gaussianEvaluator(options));
}
