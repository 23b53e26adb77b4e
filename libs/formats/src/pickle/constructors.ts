/** @file Everything that a pickle may call, and what we build instead of calling it. All other functions are refused. */
import { numpyConstructors } from "../numpy/constructors.js";
import { torchConstructors } from "../torch/constructors.js";
import { cost } from "./budget.js";
import { type Constructor, type Constructors, isMap, isSequence, misused, type PickleContext } from "./context.js";
import { addElements, addEntries } from "./fill.js";
import { PickleGlobal, type PickleMap, PickleRecord, type PickleValue } from "./values.js";

/** dict and its kin: (), (dict) or (pairs). */
const dict: Constructor = ([source], context) => {
  context.budget.spend(cost.map);
  const map: PickleMap = new Map();
  if (isMap(source)) addEntries(context, map, [...source].flat(1) as PickleValue[]);
  else if (isSequence(source))
    addEntries(
      context,
      map,
      source.flatMap((pair) => pairOf(pair, context)),
    );
  else if (source !== undefined) throw misused(context, "a dict made of something else");
  return map;
};

const set: Constructor = ([source = []], context) => {
  if (!isSequence(source)) throw misused(context, "a set made of something else than a list");
  context.budget.spend(cost.map);
  const values = new Set<PickleValue>();
  addElements(context, values, source);
  return values;
};

const list: Constructor = ([source = []], context) => {
  if (!isSequence(source)) throw misused(context, "a list made of something else");
  const values: PickleValue[] = [];
  addElements(context, values, source);
  return values;
};

/** How protocols 0 to 2 write bytes: (text, "latin1"); also bytearray(bytes), bytes() and bytearray(). */
const bytes: Constructor = ([source = new Uint8Array(), encoding], context) => {
  context.budget.spend(cost.view);
  if (source instanceof Uint8Array) return source;
  if (typeof source !== "string" || (encoding !== "latin1" && encoding !== "latin-1"))
    throw misused(context, "bytes made of something else");
  context.budget.copy(source.length);
  return Uint8Array.from(Buffer.from(source, "latin1"));
};

/** A known class, or a function that makes harmless objects: kept as a record. */
const record: Constructor = (args, context, type) => {
  context.budget.spend(cost.record);
  return new PickleRecord(type, args);
};

/** How protocols 0 and 1 make objects: (class, base, value of the base). */
const reconstructor: Constructor = ([type, base, value], context) => {
  if (!(type instanceof PickleGlobal)) throw misused(context, "an object without class");
  context.budget.spend(cost.record);
  const object = new PickleRecord(type, []);
  if (base instanceof PickleGlobal && base.name === "dict" && isMap(value)) object.items = value;
  else if (base instanceof PickleGlobal && base.name === "list" && isSequence(value)) object.elements = [...value];
  return object;
};

/** Known classes and functions by "module.name". One line registers another. */
export const constructors: Constructors = new Map<string, Constructor>([
  ...["builtins", "__builtin__"].flatMap((module): [string, Constructor][] => [
    [`${module}.set`, set],
    [`${module}.frozenset`, set],
    [`${module}.list`, list],
    [`${module}.dict`, dict],
    [`${module}.bytes`, bytes],
    [`${module}.bytearray`, bytes],
    [`${module}.complex`, record],
    [`${module}.slice`, record],
    [`${module}.range`, record],
    [`${module}.object`, record],
  ]),
  ["__builtin__.xrange", record],
  ["_codecs.encode", bytes],
  ["collections.OrderedDict", dict],
  ["collections.defaultdict", record],
  ["collections.deque", record],
  ["copyreg._reconstructor", reconstructor],
  ["copy_reg._reconstructor", reconstructor],
  ["datetime.date", record],
  ["datetime.datetime", record],
  ["datetime.time", record],
  ["datetime.timedelta", record],
  // A dict with attribute access, and the form in which the reference's networks stand in its snapshots: class name, state,
  // and source code, which stays a text.
  ["dnnlib.util.EasyDict", dict],
  ["torch_utils.persistence._reconstruct_persistent_obj", record],
  ["torch.device", record],
  ...numpyConstructors,
  ...torchConstructors,
]);

function pairOf(pair: PickleValue, context: PickleContext): readonly PickleValue[] {
  if (!isSequence(pair) || pair.length !== 2) throw misused(context, "a dict made of something else than pairs");
  return pair;
}
