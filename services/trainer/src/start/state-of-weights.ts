/** @file The state of a run that begins with somebody else's weights. */
import { DomainError } from "@tandem/errors";
import { fromFloat32, type TensorData, toFloat32 } from "@tandem/formats";

/** Names in a state, as the training step gives them. */
const WEIGHTS = /^net\.(.+)$/;
const AVERAGE = /^ema\.(\d+)\.(.+)$/;

/** Tensors to begin with, by state-dict name. */
export interface StartTensors {
  readonly weights: ReadonlyMap<string, TensorData>;
  /** Of an EMA profile; absent ones begin as the weights. */
  readonly average?: (profile: number) => ReadonlyMap<string, TensorData> | undefined;
  /** Of the optimizer, by full name in the state; absent ones begin as they are in the template. */
  readonly optimizer?: ReadonlyMap<string, TensorData>;
}

/**
 * A state like the template, with other tensors in it.
 * @param template  the state of a run that has done nothing: its names, types and shapes
 * @param file      where the tensors came from, for errors
 * @throws DomainError MODEL_INCOMPATIBLE naming the tensor that is missing, or of another shape
 */
export function stateOf(
  template: ReadonlyMap<string, TensorData>,
  { weights, average, optimizer }: StartTensors,
  file: string,
): Map<string, TensorData> {
  const state = new Map<string, TensorData>();
  for (const [name, old] of template) {
    const [, weight] = WEIGHTS.exec(name) ?? [];
    const [, profile, averaged] = AVERAGE.exec(name) ?? [];
    const tensor =
      weight !== undefined
        ? required(weights, weight, file)
        : averaged !== undefined
          ? required(average?.(Number(profile)) ?? weights, averaged, file)
          : (optimizer?.get(name) ?? old);
    state.set(name, likeTemplate(name, tensor, old, file));
  }
  const names = new Set([...template.keys()].flatMap((name) => WEIGHTS.exec(name)?.[1] ?? []));
  const stranger = [...weights.keys()].find((name) => !names.has(name));
  if (stranger !== undefined)
    throw incompatible(file, `tensor ${stranger} is not part of this run's network; it has another architecture`);
  return state;
}

function required(tensors: ReadonlyMap<string, TensorData>, name: string, file: string): TensorData {
  const tensor = tensors.get(name);
  if (tensor) return tensor;
  throw incompatible(file, `tensor ${name} of this run's network is missing; it has another architecture`);
}

function likeTemplate(name: string, tensor: TensorData, { dtype, shape }: TensorData, file: string): TensorData {
  if (String(tensor.shape) !== String(shape))
    throw incompatible(file, `${name} is [${tensor.shape}], but this run's network has [${shape}]`);
  return tensor.dtype === dtype ? tensor : fromFloat32(toFloat32(tensor), shape, "F32");
}

const incompatible = (file: string, what: string) =>
  new DomainError("MODEL_INCOMPATIBLE", `${file}: ${what}`, { resource: file, field: "spec.start_from" });
