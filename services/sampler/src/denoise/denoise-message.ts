/** @file Results of evaluations as messages. */
import {
  crc32c,
  type DenoiseResponse,
  type DenoiseResult,
  type FloatTensor,
  type Tensor,
  type Timing,
  toDuration,
  type WireType,
  writeTensor,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { EvaluationResult, EvaluationTiming } from "@tandem/runtime";
import type { DenoisePlan, SessionPlan } from "./denoise-plan.js";

/** Response of Denoise. */
export function writeResponse({ outputs, timing }: EvaluationResult, plan: DenoisePlan): DenoiseResponse {
  const { logvar, log_density: logDensity } = outputs;
  return {
    denoised: writeSamples({ shape: plan.x.shape, data: outputs.denoised! }, plan.outputType, plan.withChecksum),
    logvar: logvar && plan.auxiliary.includes("logvar") ? Array.from(logvar) : [],
    logDensity: logDensity && plan.auxiliary.includes("log_density") ? Array.from(logDensity) : [],
    timing: writeTiming(timing),
  };
}

/** Result of one step of a stream. */
export function writeResult({ outputs, timing }: EvaluationResult, plan: SessionPlan): DenoiseResult {
  const denoised = encode(outputs.denoised!, plan.wireType);
  return { denoised, crc32c: plan.withChecksum ? crc32c(denoised) : undefined, timing: writeTiming(timing) };
}

/** Samples as a message. @throws DomainError NOT_FINITE when the type cannot hold a value */
export function writeSamples(samples: FloatTensor, wireType: WireType, withChecksum = false): Tensor {
  checkRange(samples.data, wireType);
  return writeTensor(samples, wireType, withChecksum);
}

/** Time spent, for the contract. */
export function writeTiming({ queueMs, computeMs }: EvaluationTiming): Timing {
  return { queue: toDuration(queueMs), compute: toDuration(computeMs) };
}

function encode(values: Float32Array, wireType: WireType): Uint8Array {
  checkRange(values, wireType);
  return wireType.encode(values);
}

/** A value beyond the type's range would arrive as infinity, and poison the caller's loop without a word. */
function checkRange(values: Float32Array, { name, sizeBytes, largest }: WireType): void {
  if (sizeBytes === 4) return;
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) <= largest) continue;
    throw new DomainError(
      "NOT_FINITE",
      `the result holds ${values[i]}, too large for ${name}; ask for DATA_TYPE_FLOAT32`,
    );
  }
}
