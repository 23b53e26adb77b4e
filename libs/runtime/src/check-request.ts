/** @file The border of an evaluation: after this, every array has its size and every name exists. */
import { DomainError, invalid } from "@tandem/errors";
import type { TensorSpec } from "@tandem/graph";
import { sampleSize } from "./batch.js";
import type { EvaluationRequest } from "./evaluator.js";

/** What a request must fit. */
export interface RequestLimits {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly maxBatchSize: number;
}

/** The request with its outputs spelled out. @throws DomainError FIELD_INVALID, BATCH_TOO_LARGE, TENSOR_SIZE_MISMATCH */
export function checkRequest(request: EvaluationRequest, limits: RequestLimits): EvaluationRequest {
  const { count } = request;
  if (!Number.isInteger(count) || count < 1) throw invalid("count", count, "a positive integer");
  if (count > limits.maxBatchSize) {
    throw new DomainError("BATCH_TOO_LARGE", `${count} samples in one request; at most ${limits.maxBatchSize} fit`, {
      field: "count",
      metadata: { max: limits.maxBatchSize, actual: count },
    });
  }
  for (const name of Object.keys(request.inputs)) {
    if (!limits.inputs.some((spec) => spec.name === name)) throw invalid("inputs", name, oneOf(limits.inputs));
  }
  for (const spec of limits.inputs) checkInput(spec, request.inputs[spec.name], count);
  const names = limits.outputs.map((spec) => spec.name);
  const outputs = request.outputs ?? names;
  if (outputs.length === 0) throw invalid("outputs", "empty", oneOf(limits.outputs));
  for (const name of outputs) if (!names.includes(name)) throw invalid("outputs", name, oneOf(limits.outputs));
  return { ...request, outputs };
}

function checkInput(spec: TensorSpec, data: Float32Array | undefined, count: number): void {
  const field = `inputs.${spec.name}`;
  if (!data) throw invalid(field, undefined, "given");
  const expected = count * sampleSize(spec);
  if (data.length === expected) return;
  throw new DomainError(
    "TENSOR_SIZE_MISMATCH",
    `${field} has ${data.length} numbers; ${count} samples of [${spec.shape.slice(1).join(", ")}] have ${expected}`,
    { field, metadata: { expected, actual: data.length } },
  );
}

function oneOf(specs: readonly TensorSpec[]): string {
  return `one of ${specs.map((spec) => spec.name).join(", ")}`;
}
