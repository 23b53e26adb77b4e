/** @file Whether tensors are those of an architecture: every one there, none too many, each of its shape. */
import { DomainError } from "@tandem/errors";
import type { TensorData } from "@tandem/formats";
import type { ParameterSpec } from "../parameters.js";

/** @param resource the file or name to blame @throws DomainError MODEL_INCOMPATIBLE, SHAPE_MISMATCH or DATA_TYPE_UNSUPPORTED naming the tensor */
export function checkTensors(
  resource: string,
  specs: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, TensorData>,
): void {
  const expected = new Set(specs.map(({ name }) => name));
  for (const { name, shape } of specs) {
    const tensor = tensors.get(name);
    if (tensor === undefined)
      throw incompatible(resource, `tensor ${name} [${shape}] is missing${hint(specs, tensors)}`);
    if (String(tensor.shape) !== String(shape)) {
      throw new DomainError(
        "SHAPE_MISMATCH",
        `${resource}: tensor ${name} is [${tensor.shape}]; its configuration asks for [${shape}]`,
        { resource },
      );
    }
    if (!["F16", "BF16", "F32", "F64"].includes(tensor.dtype)) {
      throw new DomainError(
        "DATA_TYPE_UNSUPPORTED",
        `${resource}: tensor ${name} is ${tensor.dtype}; weights are F16, BF16, F32 or F64`,
        { resource },
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!expected.has(name))
      throw incompatible(resource, `tensor ${name} is not part of the architecture in its configuration`);
  }
}

const incompatible = (resource: string, message: string) =>
  new DomainError("MODEL_INCOMPATIBLE", `${resource}: ${message}`, { resource });

/** Says how much is missing: one tensor is damage, all of them another architecture. */
function hint(specs: readonly ParameterSpec[], tensors: ReadonlyMap<string, TensorData>): string {
  const missing = specs.filter(({ name }) => !tensors.has(name)).length;
  return missing > 1 ? ` (as are ${missing - 1} more of ${specs.length})` : "";
}
