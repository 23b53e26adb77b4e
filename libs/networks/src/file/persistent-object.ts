/** @file Objects as the reference's persistence layer pickles them: a class name and a __dict__, here plain data. */
import { isTensor, PickleRecord, type PickleValue, type TensorData } from "@tandem/formats";

/** Name of the function that would rebuild an object from its source code; we read its argument and never call it. */
const reconstruct = "torch_utils.persistence._reconstruct_persistent_obj";

/** A pickled object. */
export interface PersistentObject {
  readonly className: string;
  readonly state: ReadonlyMap<PickleValue, PickleValue>;
}

/** The object that a value stands for; null when it is none. */
export function persistentObject(value: PickleValue | undefined): PersistentObject | null {
  if (!(value instanceof PickleRecord) || String(value.type) !== reconstruct) return null;
  const meta = value.args[0];
  if (!(meta instanceof Map)) return null;
  const className = meta.get("class_name");
  const state = meta.get("state");
  return typeof className === "string" && state instanceof Map ? { className, state } : null;
}

/** Arguments that the object was made with, by name. */
export function initArguments({ state }: PersistentObject): Record<string, PickleValue> {
  const kwargs = state.get("_init_kwargs");
  return kwargs instanceof Map ? Object.fromEntries([...kwargs].map(([name, value]) => [String(name), value])) : {};
}

/** Tensors of a module and of the modules within it, by state-dict name. */
export function moduleTensors(module: ReadonlyMap<PickleValue, PickleValue>): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>();
  collect(module, "", tensors);
  return tensors;
}

function collect(state: ReadonlyMap<PickleValue, PickleValue>, prefix: string, tensors: Map<string, TensorData>): void {
  for (const group of ["_parameters", "_buffers"]) {
    const values = state.get(group);
    if (!(values instanceof Map)) continue;
    for (const [name, tensor] of values) if (isTensor(tensor)) tensors.set(`${prefix}${name}`, tensor);
  }
  const modules = state.get("_modules");
  if (!(modules instanceof Map)) return;
  for (const [name, module] of modules) {
    const inner = persistentObject(module)?.state ?? (module instanceof PickleRecord ? module.state : undefined);
    if (inner instanceof Map) collect(inner, `${prefix}${name}.`, tensors);
  }
}
