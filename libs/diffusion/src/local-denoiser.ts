/** @file A denoiser whose network is loaded in this process. */
import { DomainError } from "@tandem/errors";
import type { EvaluationTiming, Evaluator } from "@tandem/runtime";
import type { Denoiser, DenoiserInfo } from "./denoiser.js";
import { checkDenoiserInput } from "./denoiser-input.js";
import { allFinite } from "./finite.js";
import type { Tensor } from "./tensor.js";

/**
 * A denoiser over a loaded network with inputs `x`, `sigma` and (when conditional) `labels`, and an output `denoised`.
 * @param info      what the network is; its maxBatchSize at most the evaluator's
 * @param evaluator the network
 * @param client    whom the work is for: the network's queue is fair between clients
 * @param onTiming  told where the time of each evaluation went
 */
export function localDenoiser(
  info: DenoiserInfo,
  evaluator: Evaluator,
  client?: string,
  onTiming?: (timing: EvaluationTiming) => void,
): Denoiser {
  return {
    info,
    async denoise(x, sigma, labels, signal) {
      signal?.throwIfAborted();
      checkDenoiserInput(info, x, sigma, labels);
      const count = sigma.length;
      const inputs: Record<string, Float32Array> = { x: x.data, sigma };
      if (info.labelDim > 0) inputs.labels = labelData(labels, count * info.labelDim);
      const whose = client === undefined ? {} : { client };
      const { outputs, timing } = await evaluator.evaluate({ count, inputs, outputs: ["denoised"], signal, ...whose });
      signal?.throwIfAborted();
      onTiming?.(timing);
      const { denoised } = outputs;
      if (denoised === undefined || denoised.length !== x.data.length) {
        throw new Error(
          `${info.name}: the graph gave ${denoised?.length ?? "no"} denoised values for ${x.data.length}`,
        );
      }
      if (!allFinite(denoised)) {
        throw new DomainError("NOT_FINITE", `${info.name} returned NaN or infinity`, {
          metadata: { model: info.name },
        });
      }
      return { shape: x.shape, data: denoised };
    },
  };
}

/** Absent labels are zero rows. */
function labelData(labels: Tensor | undefined, size: number): Float32Array {
  return labels === undefined ? new Float32Array(size) : labels.data;
}
