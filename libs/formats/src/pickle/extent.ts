/** @file How deep and how large a value is when it is unfolded: what recursive readers of it would meet. */
import { unsafe } from "../file-error.js";
import { limits } from "./budget.js";
import { PickleRecord, type PickleValue } from "./values.js";

/** A container on the way down, with what has been found below it so far. */
interface Visit {
  readonly node: PickleValue;
  readonly children: readonly PickleValue[];
  next: number;
  depth: number;
  size: number;
}

/**
 * Refuses values that are nested too deep, or that unfold exponentially because parts are shared again and again.
 * A container within itself counts once. Takes time proportional to the file.
 */
export function checkExtent(file: string, root: PickleValue): void {
  const known = new Map<PickleValue, { depth: number; size: number }>();
  const path: Visit[] = [];
  const enter = (node: PickleValue): void => {
    known.set(node, { depth: 1, size: 1 }); // stands for itself while it is open: so cycles end
    path.push({ node, children: childrenOf(node), next: 0, depth: 1, size: 1 });
    if (path.length > limits.depth) throw unsafe(file, `nested more than ${limits.depth} levels deep`);
  };
  enter(root);
  for (let visit = path.at(-1); visit; visit = path.at(-1)) {
    const child = visit.children[visit.next++];
    if (child === undefined) {
      path.pop();
      known.set(visit.node, { depth: visit.depth, size: visit.size });
      const parent = path.at(-1);
      if (parent) add(file, parent, visit);
    } else if (!isContainer(child)) visit.size++;
    else {
      const below = known.get(child);
      if (below) add(file, visit, below);
      else enter(child);
    }
  }
}

function add(file: string, visit: Visit, below: { depth: number; size: number }): void {
  visit.depth = Math.max(visit.depth, below.depth + 1);
  visit.size += below.size;
  if (visit.depth > limits.depth) throw unsafe(file, `nested more than ${limits.depth} levels deep`);
  if (visit.size > limits.unfolded)
    throw unsafe(file, `a memo bomb: it unfolds to more than ${limits.unfolded} values`);
}

function isContainer(value: PickleValue): boolean {
  return Array.isArray(value) || value instanceof Map || value instanceof Set || value instanceof PickleRecord;
}

function childrenOf(value: PickleValue): readonly PickleValue[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.entries()].flat(1) as PickleValue[];
  if (value instanceof Set) return [...value];
  if (!(value instanceof PickleRecord)) return [];
  const parts: PickleValue[] = [value.args];
  for (const part of [value.kwargs, value.state, value.items, value.elements]) if (part !== undefined) parts.push(part);
  return parts;
}
