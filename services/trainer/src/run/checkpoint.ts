/** @file Checkpoints: everything that a run needs to go on, in one safetensors file that is whole or not there. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { DomainError } from "@tandem/errors";
import { readSafetensors, type TensorData, writeSafetensors } from "@tandem/formats";
import { checkPosition, type RunPosition } from "./position.js";

/** What `format` says in the header of a checkpoint. */
export const stateFormat = "tandem.training-state";

/** The state of a run. */
export interface Checkpoint {
  readonly position: RunPosition;
  /** The resolved request as JSON: what the run is. */
  readonly spec: unknown;
  /** As the trainee gave them. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/**
 * Writes a checkpoint, synced before it has its name. The header tells position, request, generators and a digest over all.
 * @throws DomainError OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED
 */
export async function writeCheckpoint(path: string, { position, spec, tensors }: Checkpoint): Promise<void> {
  const texts = {
    format: stateFormat,
    position: JSON.stringify(position),
    spec: JSON.stringify(spec),
    generators: "philox4x32-10: key = seed of the spec, counter = image of the run",
  };
  await writeSafetensors(path, tensors, { ...texts, digest: await digestOf(texts, tensors) });
}

/**
 * Reads a checkpoint.
 * @throws DomainError CHECKSUM_MISMATCH or UNSAFE_FILE when it is damaged or none, RESOURCE_NOT_FOUND, URI_NOT_ALLOWED
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { metadata, tensors } = await readSafetensors(path, { maxBytes: Number.MAX_SAFE_INTEGER });
  const { digest, ...texts } = metadata;
  if (texts.format !== stateFormat) throw damaged("UNSAFE_FILE", path, `this is no training state (${texts.format})`);
  if (digest !== (await digestOf(texts, tensors)))
    throw damaged("CHECKSUM_MISMATCH", path, "its content is not what was written");
  return {
    position: checkPosition(JSON.parse(texts.position!), `${path}: position`),
    spec: JSON.parse(texts.spec!),
    tensors,
  };
}

/** Whether an error means that a file is there, but is not what was written. */
export const isDamage = (error: unknown): error is DomainError =>
  error instanceof DomainError && ["UNSAFE_FILE", "CHECKSUM_MISMATCH", "DATA_TYPE_UNSUPPORTED"].includes(error.reason);

/** Bytes that a checkpoint of these tensors takes, header included. */
export function checkpointBytes(tensors: ReadonlyMap<string, TensorData>): number {
  const HEADER_ENTRY = 200;
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength + HEADER_ENTRY, 2 ** 16);
}

/** SHA-256 over texts and tensors in order of name, with their names, types and shapes. */
async function digestOf(
  texts: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, TensorData>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const name of Object.keys(texts).sort()) hash.update(`${name}=${texts[name]}\n`);
  for (const name of [...tensors.keys()].sort()) {
    const { dtype, shape, data } = tensors.get(name)!;
    hash.update(`${name} ${dtype} [${shape}]\n`).update(data);
    await setImmediate(); // a large state takes a second: a request to stop is heard meanwhile
  }
  return hash.digest("hex");
}

const damaged = (reason: "UNSAFE_FILE" | "CHECKSUM_MISMATCH", path: string, why: string) =>
  new DomainError(reason, `${path}: ${why}`, { resource: path });
