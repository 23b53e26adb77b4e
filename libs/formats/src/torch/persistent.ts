/** @file Persistent ids of torch files: ("storage", class, key, device, elements[, part of a larger one]). */
import { cost } from "../pickle/budget.js";
import { isSequence, misused, type PickleContext } from "../pickle/context.js";
import type { PickleValue } from "../pickle/values.js";
import { elementBytes } from "../tensor-data.js";
import { PickledStorage, type StorageBytes, storageType } from "./storage.js";

/** The storages that one pickle names, by key. */
export class StorageTable {
  readonly byKey = new Map<string, StorageBytes & { readonly elementBytes: number }>();

  /** The value of a persistent id. */
  load(id: PickleValue, context: PickleContext): PickleValue {
    if (!isSequence(id)) throw misused(context, "a persistent id that is no tuple");
    const [kind, type, key, , length, part] = id;
    // Very old files name the classes of modules this way, with their source code; the class is all we take.
    if (kind === "module") return type ?? null;
    if (kind !== "storage" || typeof key !== "string" || !isCount(length))
      throw misused(context, "a persistent id that names no storage");
    context.budget.spend(cost.record + cost.entry);
    const dtype = storageType(context, type);
    const size = elementBytes[dtype];
    const bytes = this.byKey.get(key) ?? { data: undefined, elementBytes: size };
    this.byKey.set(key, bytes);
    if (part === undefined || part === null) return new PickledStorage(bytes, dtype, 0, length);
    const [, offset, partLength] = isSequence(part) ? part : [];
    if (!isCount(offset) || !isCount(partLength)) throw misused(context, "a part of a storage without place");
    return new PickledStorage(bytes, dtype, offset * size, partLength);
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
