/** @file Whether snapshots can be added up: the same tensors, of one run. */

import { open } from "node:fs/promises";
import { DomainError } from "@tandem/errors";
import { elementBytes, elementCount, type TensorEntry } from "@tandem/formats";
import type { StoredSnapshot } from "./stored-snapshot.js";

const floats = new Set(["F64", "F32", "F16", "BF16"]);

/** Whether a tensor is not averaged but copied: integers, and what the network calls a buffer. */
export type IsBuffer = (name: string, tensor: TensorEntry) => boolean;

export const isCopied = (isBuffer: IsBuffer) => (name: string, tensor: TensorEntry) =>
  !floats.has(tensor.dtype) || isBuffer(name, tensor);

/**
 * Checks snapshots before anything is written. Buffers do not change in a run, and were drawn at random at its start: when they
 * differ, so do the runs.
 * @throws DomainError FIELD_INVALID (one profile twice), SHAPE_MISMATCH naming file and tensor, MODEL_INCOMPATIBLE (mixed runs)
 */
export async function checkSameRun(snapshots: readonly StoredSnapshot[], isBuffer: IsBuffer): Promise<void> {
  const last = snapshots.at(-1)!;
  const profiles = new Map<string, string>();
  for (const { name, profile, tensors } of snapshots) {
    const key = `${profile.nimg} images, std ${profile.std}`;
    const twin = profiles.get(key);
    if (twin !== undefined)
      throw new DomainError(
        "FIELD_INVALID",
        `${twin} and ${name} are the same profile (${key}); name one run by its prefix`,
        {
          field: "source",
          resource: name,
        },
      );
    profiles.set(key, name);
    checkTensors(name, tensors, last);
  }
  const copied = [...last.tensors].filter(([name, tensor]) => isCopied(isBuffer)(name, tensor));
  for (const [name] of copied) {
    const expected = await bytesOf(last, name);
    for (const snapshot of snapshots.slice(0, -1)) {
      if (snapshot.tensors.get(name)!.dtype !== last.tensors.get(name)!.dtype) continue; // rounded otherwise
      if (Buffer.compare(await bytesOf(snapshot, name), expected) === 0) continue;
      throw new DomainError(
        "MODEL_INCOMPATIBLE",
        `${snapshot.name} and ${last.name} come from different runs: ${name}, which no run changes, differs`,
        { resource: snapshot.name },
      );
    }
  }
}

function checkTensors(name: string, tensors: ReadonlyMap<string, TensorEntry>, last: StoredSnapshot): void {
  const mismatch = (message: string) => new DomainError("SHAPE_MISMATCH", message, { resource: name });
  for (const [key, { shape }] of last.tensors) {
    const own = tensors.get(key);
    if (!own) throw mismatch(`${name} has no tensor ${key}, which ${last.name} has`);
    if (own.shape.join() !== shape.join())
      throw mismatch(`${name}: ${key} is [${own.shape}], but [${shape}] in ${last.name}`);
    const expected = elementCount(own.shape) * elementBytes[own.dtype];
    if (own.end - own.begin !== expected)
      throw mismatch(`${name}: ${key} has ${own.end - own.begin} bytes, not ${expected}`);
  }
  for (const key of tensors.keys())
    if (!last.tensors.has(key)) throw mismatch(`${name} has a tensor ${key}, which ${last.name} has not`);
}

/** The stored bytes of a tensor. */
export async function bytesOf({ path, tensors }: StoredSnapshot, name: string): Promise<Uint8Array> {
  const { begin, end } = tensors.get(name)!;
  const bytes = new Uint8Array(end - begin);
  const file = await open(path);
  try {
    await file.read(bytes, 0, bytes.byteLength, begin);
  } finally {
    await file.close();
  }
  return bytes;
}
