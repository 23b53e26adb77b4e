/** @file A snapshot as a reconstruction reads it: where in a file each tensor's bytes lie. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  fileError,
  openSafetensors,
  readTensorFile,
  type TensorData,
  type TensorEntry,
  writeSafetensors,
} from "@tandem/formats";
import type { EmaProfile } from "../ema-profile.js";

/** Weights of a run at a time, averaged by a power-function profile. */
export interface StoredSnapshot {
  /** File that the places refer to. */
  readonly path: string;
  /** What errors call it: the file that the user knows. */
  readonly name: string;
  readonly profile: EmaProfile;
  /** By name: type, shape and place of the bytes, row major, little endian. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/**
 * A snapshot in a file of tensors of any kind that `readTensorFile` knows. Of safetensors only the header is read; others are read
 * once, and their tensors forgotten again.
 * @param scratch folder for files whose tensors do not lie there as they are: those are written there anew
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE, DATA_TYPE_UNSUPPORTED
 */
export async function openSnapshot(path: string, profile: EmaProfile, scratch: string): Promise<StoredSnapshot> {
  if (path.endsWith(".safetensors")) {
    await using file = await openSafetensors(path);
    return { path, name: path, profile, tensors: file.entries };
  }
  const { tensors } = await readTensorFile(path);
  return placedSnapshot(path, profile, tensors, scratch);
}

/** A snapshot whose tensors were read from the file already, as views of its bytes or otherwise. @throws as `openSnapshot` */
export async function placedSnapshot(
  path: string,
  profile: EmaProfile,
  tensors: ReadonlyMap<string, TensorData>,
  scratch: string,
): Promise<StoredSnapshot> {
  const size = await stat(path).then(
    (facts) => facts.size,
    (error: unknown) => {
      throw fileError(path, error);
    },
  );
  const places = placesOf(tensors, size);
  if (places) return { path, name: path, profile, tensors: places };
  const copy = join(scratch, `${basename(path)}-${profile.nimg}-${profile.std}.safetensors`);
  await writeSafetensors(copy, tensors);
  return { ...(await openSnapshot(copy, profile, scratch)), name: path };
}

/** Where tensors lie in a file that was read whole into one buffer; undefined when one of them is a copy. */
function placesOf(tensors: ReadonlyMap<string, TensorData>, size: number): Map<string, TensorEntry> | undefined {
  const places = new Map<string, TensorEntry>();
  let whole: ArrayBufferLike | undefined;
  for (const [name, { dtype, shape, data }] of tensors) {
    whole ??= data.buffer;
    if (data.buffer !== whole || whole.byteLength !== size) return undefined;
    places.set(name, { dtype, shape, begin: data.byteOffset, end: data.byteOffset + data.byteLength });
  }
  return places;
}
