/** @file Requests of the denoiser service, checked against the model and turned into plain data. */
import {
  type AuxiliaryOutput,
  checkBytes,
  checkChecksum,
  checkExtents,
  checkFinite,
  type DenoiseRequest,
  type DenoiseSession as DenoiseSessionMessage,
  type DenoiseStep,
  type FloatTensor,
  readLabels,
  readSigma,
  readTensor,
  type WireType,
  wireTypeOf,
  wireTypes,
} from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { LoadedModel } from "../models/loaded-model.js";
import type { Auxiliary } from "../models/model-facts.js";
import { auxiliaryOutputs } from "../models/model-message.js";

/** One evaluation, ready to run. */
export interface DenoisePlan {
  readonly x: FloatTensor;
  /** [N] */
  readonly sigma: Float32Array;
  readonly labels: FloatTensor | undefined;
  readonly auxiliary: readonly Auxiliary[];
  readonly outputType: WireType;
  /** Whether the response carries a checksum. */
  readonly withChecksum: boolean;
}

/** What a stream settles at its beginning. */
export interface SessionPlan {
  /** [N, ...sampleShape] */
  readonly shape: readonly number[];
  readonly labels: FloatTensor | undefined;
  readonly wireType: WireType;
  readonly withChecksum: boolean;
}

/** @throws DomainError with the field at fault, as Denoise of the contract lists them */
export function toDenoisePlan(request: DenoiseRequest, model: LoadedModel): DenoisePlan {
  const { wireType, hasChecksum, ...x } = readTensor(request.x, "x");
  const count = checkBatch(x.shape, model, "x.shape");
  checkFinite(x.data, "x.data");
  return {
    x,
    sigma: readSigma(request.sigma, count),
    labels: readLabels(request.labels, { count, labelDim: model.facts.labelDim }),
    auxiliary: request.auxiliary.map((output, i) => readAuxiliary(output, model, `auxiliary[${i}]`)),
    outputType: wireTypeOf(request.outputType, "output_type", wireType),
    withChecksum: hasChecksum,
  };
}

/** @throws DomainError with the field at fault */
export function toSessionPlan(open: DenoiseSessionMessage, model: LoadedModel): SessionPlan {
  const wireType = wireTypeOf(open.dataType, "open.data_type", wireTypes[0]);
  checkExtents(open.shape, "open.shape");
  const count = checkBatch(open.shape, model, "open.shape");
  const labels = readLabels(open.labels, { count, labelDim: model.facts.labelDim }, "open.labels");
  return { shape: open.shape, labels, wireType, withChecksum: open.checksum };
}

/** Samples and noise levels of a step. @throws DomainError with the field at fault */
export function readStep(step: DenoiseStep, plan: SessionPlan): { x: Float32Array; sigma: Float32Array } {
  const sigma = readSigma(step.sigma, plan.shape[0]!, "step.sigma");
  checkBytes(step.x, plan.shape, plan.wireType, "step.x");
  if (plan.withChecksum && step.crc32c === undefined)
    throw invalid("step.crc32c", undefined, "set: the session was opened with checksum");
  checkChecksum(step.x, step.crc32c, "step.x");
  const x = plan.wireType.decode(step.x);
  checkFinite(x, "step.x");
  return { x, sigma };
}

/** Number of samples of a shape that must be the model's, and a batch that it takes. */
export function checkBatch(shape: readonly number[], { facts, evaluator }: LoadedModel, field: string): number {
  const { sampleShape } = facts;
  const fits = shape.length === sampleShape.length + 1 && sampleShape.every((extent, i) => extent === shape[i + 1]);
  if (!fits) {
    const expected = `[N, ${sampleShape.join(", ")}]`;
    const actual = `[${shape.join(", ")}]`;
    throw new DomainError("SHAPE_MISMATCH", `${field} is ${actual}; it must be ${expected}`, {
      field,
      metadata: { expected, actual },
    });
  }
  const count = shape[0]!;
  checkCount(count, evaluator.maxBatchSize, field);
  return count;
}

/** @throws DomainError BATCH_TOO_LARGE */
export function checkCount(count: number, max: number, field: string): void {
  if (count <= max) return;
  throw new DomainError("BATCH_TOO_LARGE", `${field} asks for ${count} samples; at most ${max} fit in one call`, {
    field,
    metadata: { max },
  });
}

function readAuxiliary(output: AuxiliaryOutput, { name, facts }: LoadedModel, field: string): Auxiliary {
  const known = (Object.keys(auxiliaryOutputs) as Auxiliary[]).find((key) => auxiliaryOutputs[key] === output);
  if (!known) throw invalid(field, output, "AUXILIARY_OUTPUT_LOGVAR or AUXILIARY_OUTPUT_LOG_DENSITY");
  if (facts.auxiliary.includes(known)) return known;
  const message = `${name} has no ${known}; it has ${facts.auxiliary.join(", ") || "no auxiliary output"}`;
  throw new DomainError("NOT_SUPPORTED", message, { field, resource: name });
}
