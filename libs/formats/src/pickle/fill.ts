/** @file Opcodes that add to what is already on the stack. */
import { cost } from "./budget.js";
import { isMap, isRestorable, misused, type PickleContext } from "./context.js";
import { PickleRecord, type PickleValue } from "./values.js";

/** APPEND, APPENDS, ADDITEMS. */
export function addElements(context: PickleContext, target: PickleValue, values: readonly PickleValue[]): void {
  context.budget.spend(cost.element * values.length);
  if (target instanceof Set) {
    context.budget.spend(cost.entry * values.length);
    for (const value of values) target.add(key(context, value));
    return;
  }
  if (target instanceof PickleRecord) target.elements ??= [];
  const elements = target instanceof PickleRecord ? target.elements : target;
  if (!Array.isArray(elements) || Object.isFrozen(elements))
    throw misused(context, "elements for something that is no list");
  for (const value of values) elements.push(value);
}

/** SETITEM, SETITEMS, DICT: keys and values in turn. */
export function addEntries(context: PickleContext, target: PickleValue, pairs: readonly PickleValue[]): void {
  if (pairs.length % 2 !== 0) throw misused(context, "a key without value");
  context.budget.spend((cost.entry * pairs.length) / 2);
  if (target instanceof PickleRecord && !target.items) {
    context.budget.spend(cost.map);
    target.items = new Map();
  }
  const map = target instanceof PickleRecord ? target.items : target;
  if (!isMap(map)) throw misused(context, "entries for something that is no dict");
  for (let i = 0; i < pairs.length; i += 2) map.set(key(context, pairs[i]!), pairs[i + 1]!);
}

/** BUILD. */
export function setState(context: PickleContext, target: PickleValue, state: PickleValue): void {
  if (target instanceof PickleRecord) target.state = state;
  else if (isRestorable(target)) target.restore(state, context);
  // An OrderedDict may carry attributes (a state_dict has _metadata): they are not part of the dict's data.
  else if (!isMap(target)) throw misused(context, "a state for something that has none");
}

/** Keys as Python allows them: nothing that can change. */
function key(context: PickleContext, value: PickleValue): PickleValue {
  if (isMap(value) || value instanceof Set || (Array.isArray(value) && !Object.isFrozen(value)))
    throw misused(context, "a list, dict or set as a key");
  return value;
}
