/**
 * @file A network as files, for as long as its session is made. onnxruntime maps weights that lie in files; given in memory it
 * copies them, and keeps the copy beside the form in which its kernels want them. For 125 million parameters (measured):
 * 0.9 s and 0.7 GB from files, 1.9 s and 1.1 GB from memory.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { types } from "node:util";
import { DomainError } from "@tandem/errors";
import type { OnnxModel } from "@tandem/graph";
import { scratchFolder } from "./scratch-folder.js";
import type { Specs } from "./self-check.js";

const PREFIX = "tandem-model-";
const MODEL = "model.onnx";
const STALE_MS = 3_600_000;

/** Files of a network; deleted at the end of `await using`. */
export interface ModelFiles extends AsyncDisposable {
  /** Path of the protobuf; the weights lie beside it. */
  readonly path: string;
  readonly specs: Specs;
  /** Weights and graph: what a session keeps. Activations come on top, as large as the batches. */
  readonly memoryBytes: number;
}

/** Bytes of weights and graph. */
export function sizeOf({ protobuf, externalData, externalFolder }: OnnxModel): number {
  const outside = externalFolder?.byteLength ?? 0;
  return externalData.reduce((sum, { data }) => sum + data.byteLength, protobuf.byteLength + outside);
}

/**
 * A new, empty folder for the files of one network.
 * @param root where; by default `scratchFolder()`
 * @throws DomainError OUT_OF_MEMORY when it cannot be made
 */
export async function newModelFolder(root?: string): Promise<string> {
  const parent = root ?? (await scratchFolder());
  return mkdtemp(join(parent, PREFIX)).catch((error) => {
    throw cannotWrite(parent, error);
  });
}

/**
 * Writes what a network has in memory to its folder, which it then owns.
 * @throws DomainError OUT_OF_MEMORY when it cannot be written; the folder is gone then
 */
export async function writeModelFiles(model: OnnxModel, folder: string): Promise<ModelFiles> {
  const { protobuf, externalData, inputs, outputs } = model;
  const files = [{ path: MODEL, data: protobuf }, ...externalData];
  const isPlain = ({ path }: { path: string }): boolean => basename(path) === path && path !== "." && path !== "..";
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (!files.every(isPlain) || (model.externalFolder && model.externalFolder.path !== folder)) {
    await remove();
    throw new Error("weights have a path outside their folder");
  }
  // All at once: the file system's threads copy in parallel.
  const written = await Promise.allSettled(files.map(({ path, data }) => writeFile(join(folder, path), data)));
  const failure = written.find((result) => result.status === "rejected");
  if (failure) {
    await remove();
    throw cannotWrite(folder, failure.reason);
  }
  const memoryBytes = sizeOf(model);
  return { path: join(folder, MODEL), specs: { inputs, outputs }, memoryBytes, [Symbol.asyncDispose]: remove };
}

function cannotWrite(folder: string, cause: unknown): DomainError {
  const why = types.isNativeError(cause) ? cause.message : String(cause);
  return new DomainError(
    "OUT_OF_MEMORY",
    `weights cannot be written for loading (${why}); TMPDIR may name another folder`,
    {
      metadata: { device: folder },
      cause,
    },
  );
}

/** Deletes what processes that were killed while loading have left: folders over an hour old. */
export async function removeStaleModelFiles(root?: string): Promise<void> {
  const parent = root ?? (await scratchFolder());
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  for (const folder of names.map((name) => join(parent, name))) {
    const isStale = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs > STALE_MS,
      () => false, // deleted meanwhile by its owner
    );
    if (isStale) await rm(folder, { recursive: true, force: true });
  }
}
