/** @file A graph whose parameters are filled from tensors: in one buffer that threads share, or as files in a folder. */
import { join } from "node:path";
import { fileError } from "@tandem/formats";
import { countElements, type Deferred, elementBytes, type Graph, type OnnxModel, toOnnx } from "@tandem/graph";
import type { FoldJob } from "./fold.js";
import { foldAll } from "./fold-threads.js";

/** How a parameter comes from a tensor; where it goes is decided here. */
export type Folding = Omit<FoldJob, "target">;

/**
 * Serializes a graph with its weights.
 * @param folder an empty folder for the weights, each a file in it; undefined keeps them in memory
 * @throws DomainError NOT_FINITE naming the tensor; OUT_OF_MEMORY (disk full), URI_NOT_ALLOWED naming the folder
 */
export async function filledModel(
  graph: Graph,
  folder: string | undefined,
  foldingOf: (parameter: Deferred) => Folding,
): Promise<OnnxModel> {
  let byteLength = 0;
  const model = await toOnnx(graph, async (parameters) => {
    byteLength = parameters.reduce((total, parameter) => total + bytesOf(parameter), 0);
    const targets = folder === undefined ? inMemory(parameters) : parameters.map(({ path }) => join(folder, path));
    try {
      await foldAll(parameters.map((parameter, i) => ({ ...foldingOf(parameter), target: targets[i]! })));
    } catch (error) {
      throw folder === undefined ? error : fileError(folder, error);
    }
    return targets
      .map((target, i) => ({ path: parameters[i]!.path, target }))
      .flatMap(({ path, target }) => (typeof target === "string" ? [] : [{ path, data: target }]));
  });
  return folder === undefined ? model : { ...model, externalFolder: { path: folder, byteLength } };
}

const bytesOf = ({ shape, type }: Deferred): number => countElements(shape) * elementBytes[type];

/** Views of one buffer, each at a multiple of a cache line. */
function inMemory(parameters: readonly Deferred[]): Uint8Array<SharedArrayBuffer>[] {
  const sizes = parameters.map(bytesOf);
  const memory = new SharedArrayBuffer(sizes.reduce((total, size) => total + Math.ceil(size / 64) * 64, 0));
  let offset = 0;
  return sizes.map((size) => {
    const view = new Uint8Array(memory, offset, size);
    offset += Math.ceil(size / 64) * 64;
    return view;
  });
}
