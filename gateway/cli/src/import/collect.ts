/** @file Tensors out of a tree of plain data, under dotted names; everything else beside them as JSON. */

import { DomainError } from "@tandem/errors";
import { isMap, isSequence, isTensor, PickleRecord, type PickleValue, type TensorData } from "@tandem/formats";

/** What a safetensors file can hold of a pickle. */
export interface Collected {
  /** By path, e.g. `fid.mu` or `net.unet.out_gain`. */
  readonly tensors: Map<string, TensorData>;
  /** What holds no tensor, as JSON by path, e.g. `num_images`: `100`. */
  readonly metadata: Record<string, string>;
}

/**
 * Collects the tensors of a value.
 * @param file  stands in errors
 * @throws DomainError UNSAFE_FILE when two tensors would get the same name, or a container holds itself
 */
export function collectTensors(file: string, value: PickleValue): Collected {
  const found: Collected = { tensors: new Map(), metadata: {} };
  const open = new Set<PickleValue>();
  const known = new Map<PickleValue, boolean>();
  const visit = (node: PickleValue, path: string): void => {
    if (isTensor(node)) {
      if (found.tensors.has(path)) throw new DomainError("UNSAFE_FILE", `${file}: two tensors are called ${path}`);
      found.tensors.set(path, node);
      return;
    }
    if (open.has(node)) throw new DomainError("UNSAFE_FILE", `${file}: ${path} contains itself`);
    open.add(node);
    if (!holdsTensor(node, known)) found.metadata[path] = JSON.stringify(plain(node));
    else for (const [key, child] of childrenOf(node)) visit(child, path === "" ? key : `${path}.${key}`);
    open.delete(node);
  };
  visit(value, "");
  return found;
}

/** Children of a container by name; none of a leaf. */
function* childrenOf(node: PickleValue): Generator<[string, PickleValue]> {
  if (isMap(node)) for (const [key, child] of node) yield [String(key), child];
  else if (isSequence(node)) yield* node.map((child, i): [string, PickleValue] => [String(i), child]);
  else if (node instanceof PickleRecord) {
    yield* node.args.map((child, i): [string, PickleValue] => [String(i), child]);
    if (node.state !== undefined) yield ["state", node.state];
    if (node.items !== undefined) yield* childrenOf(node.items);
    if (node.elements !== undefined) yield* childrenOf(node.elements);
  }
}

/** Whether a tensor is in there, looked up once per container. One that is being looked into says no: it adds nothing new. */
function holdsTensor(node: PickleValue, known: Map<PickleValue, boolean>): boolean {
  if (isTensor(node)) return true;
  if (node === null || typeof node !== "object") return false;
  const before = known.get(node);
  if (before !== undefined) return before;
  known.set(node, false);
  const found = [...childrenOf(node)].some(([, child]) => holdsTensor(child, known));
  known.set(node, found);
  return found;
}

/** Plain data for JSON; what JSON has no word for is named by its type. */
function plain(node: PickleValue, depth = 0): unknown {
  if (depth > 20) return "...";
  if (typeof node === "bigint") return node.toString();
  if (typeof node === "number" && !Number.isFinite(node)) return String(node);
  if (node === null || typeof node !== "object") return node;
  if (node instanceof Uint8Array) return `${node.length} bytes`;
  if (isMap(node)) return Object.fromEntries([...node].map(([key, child]) => [String(key), plain(child, depth + 1)]));
  if (isSequence(node)) return node.map((child) => plain(child, depth + 1));
  return node instanceof PickleRecord ? String(node.type) : String(node);
}
