/** @file Reading safetensors: tensor by tensor from an open file, or all of it at once. */
import type { FileHandle } from "node:fs/promises";
import { DomainError } from "@tandem/errors";
import { fileError } from "../file-error.js";
import type { TensorData } from "../tensor-data.js";
import { openFile, type ReadOptions, readInto, readWholeFile, regularSize } from "../whole-file.js";
import { headerLength, parseHeader, prefixBytes, type SafetensorsHeader, type TensorEntry } from "./header.js";

/** Tensors with their names, in the order of their bytes, and the texts that the writer left. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Map<string, TensorData>;
}

/**
 * Reads a whole file: one buffer (shared between threads), every tensor a view of it. The fastest way when all is needed.
 * @throws DomainError RESOURCE_NOT_FOUND, UNSAFE_FILE (damaged or lying), DATA_TYPE_UNSUPPORTED
 */
export async function readSafetensors(path: string, options: ReadOptions = {}): Promise<Safetensors> {
  // The header first: a file that lies is refused before gigabytes of it are read.
  await using _checked = await openSafetensors(path);
  return parseSafetensors(await readWholeFile(path, options), path);
}

/** The same from bytes in memory; tensors are views of them. `name` stands in errors. */
export function parseSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const length = headerLength(name, bytes, bytes.byteLength);
  const json = bytes.subarray(prefixBytes, prefixBytes + length);
  const { metadata, entries } = parseHeader(name, json, bytes.byteLength);
  const tensors = new Map<string, TensorData>();
  for (const [key, { dtype, shape, begin, end }] of entries)
    tensors.set(key, { dtype, shape, data: bytes.subarray(begin, end) });
  return { metadata, tensors };
}

/** Opens a file and reads its header only. Close it, or declare it with `await using`. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    // Tensors are read one by one, so that the file may be larger than the memory.
    const size = await regularSize(path, file, Number.MAX_SAFE_INTEGER);
    const prefix = new Uint8Array(prefixBytes);
    if (size >= prefixBytes) await readInto(path, file, prefix, 0);
    const json = new Uint8Array(headerLength(path, prefix, size));
    await readInto(path, file, json, prefixBytes);
    return new SafetensorsFile(path, file, parseHeader(path, json, size));
  } catch (error) {
    await file.close();
    throw fileError(path, error);
  }
}

/** An open safetensors file: tensors come when they are asked for. */
export class SafetensorsFile implements AsyncDisposable {
  constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly header: SafetensorsHeader,
  ) {}

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  /** Names, types and places of the tensors, in the order of their bytes. */
  get entries(): ReadonlyMap<string, TensorEntry> {
    return this.header.entries;
  }

  /**
   * Reads one tensor into a buffer of its own, shared between threads.
   * @throws DomainError RESOURCE_NOT_FOUND when no tensor has this name
   */
  async read(name: string, signal?: AbortSignal): Promise<TensorData> {
    const entry = this.entries.get(name);
    if (!entry) {
      const message = `${this.path} holds no tensor "${name}"`;
      throw new DomainError("RESOURCE_NOT_FOUND", message, { resource: `${this.path}#${name}` });
    }
    const data = new Uint8Array(new SharedArrayBuffer(entry.end - entry.begin));
    await readInto(this.path, this.file, data, entry.begin, signal);
    return { dtype: entry.dtype, shape: entry.shape, data };
  }

  /** All tensors, one at a time, in the order of their bytes: memory holds one of them. */
  async *stream(signal?: AbortSignal): AsyncGenerator<[name: string, tensor: TensorData]> {
    for (const name of this.entries.keys()) yield [name, await this.read(name, signal)];
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
