/** @file What every denoiser demands of its input, checked the same way wherever it runs. */
import { DomainError, invalid } from "@tandem/errors";
import type { DenoiserInfo } from "./denoiser.js";
import { allFinite } from "./finite.js";
import { sizeOf, type Tensor } from "./tensor.js";

/**
 * Checks the arguments of `Denoiser.denoise`.
 * @throws DomainError SHAPE_MISMATCH (expected, actual), TENSOR_SIZE_MISMATCH, BATCH_TOO_LARGE (max), FIELD_INVALID for a
 *   sigma that is not positive and finite, or NaN and infinity in `x` or `labels`
 */
export function checkDenoiserInput(info: DenoiserInfo, x: Tensor, sigma: Float32Array, labels?: Tensor): void {
  const count = x.shape[0] ?? 0;
  checkTensor("x", x, ["N", ...info.sampleShape], count);
  if (count > info.maxBatchSize) {
    throw new DomainError(
      "BATCH_TOO_LARGE",
      `${info.name} takes at most ${info.maxBatchSize} samples at once, not ${count}`,
      {
        field: "x",
        metadata: { max: info.maxBatchSize },
      },
    );
  }
  if (sigma.length !== count) throw mismatch("sigma", [count], [sigma.length]);
  const wrong = sigma.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (wrong >= 0) throw invalid(`sigma[${wrong}]`, sigma[wrong], "positive and finite");
  if (labels !== undefined && info.labelDim > 0) checkTensor("labels", labels, [count, info.labelDim], count);
}

function checkTensor(
  field: string,
  { shape, data }: Tensor,
  expected: readonly (number | string)[],
  count: number,
): void {
  const isMatching =
    expected.length === shape.length && expected.every((extent, i) => extent === "N" || extent === shape[i]);
  if (count < 1 || !isMatching) throw mismatch(field, expected, shape);
  if (data.length !== sizeOf(shape)) {
    throw new DomainError(
      "TENSOR_SIZE_MISMATCH",
      `${field} has ${data.length} elements; its shape [${shape}] means ${sizeOf(shape)}`,
      {
        field,
        metadata: { expected: sizeOf(shape) * 4, actual: data.length * 4 },
      },
    );
  }
  if (!allFinite(data)) throw invalid(field, "NaN or infinite in places", "finite everywhere");
}

function mismatch(field: string, expected: readonly (number | string)[], actual: readonly number[]): DomainError {
  return new DomainError("SHAPE_MISMATCH", `${field} has shape [${actual}]; it must be [${expected}], N at least 1`, {
    field,
    metadata: { expected: `[${expected}]`, actual: `[${actual}]` },
  });
}
