/** @file Every opcode of pickle protocols 0 to 5, one row each. The letters are those of Python's pickletools. */
import { cost, limits } from "./budget.js";
import { isMap, isSequence } from "./context.js";
import { addElements, addEntries, setState } from "./fill.js";
import type { PickleMachine } from "./machine.js";
import { pythonText, pythonTextEscapes } from "./text.js";
import type { PickleValue } from "./values.js";

type Step = (machine: PickleMachine) => void;

const rows: Record<string, Step> = {
  // Constants and numbers
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  I: (m) => m.push(integerOrBoolean(m, m.cursor.line())),
  L: (m) => m.push(number(m, m.decimal(m.cursor.line().replace(/L$/, "")))),
  J: (m) => m.push(m.cursor.int32()),
  K: (m) => m.push(m.cursor.uint8()),
  M: (m) => m.push(m.cursor.uint16()),
  "\x8a": (m) => m.push(longInteger(m, m.cursor.uint8())),
  "\x8b": (m) => m.push(longInteger(m, m.cursor.int32())),
  F: (m) => m.push(decimalFloat(m, m.cursor.line())),
  G: (m) => m.push(m.cursor.float64()),

  // Text and bytes
  S: (m) => m.push(text(m, pythonText(m.cursor.line("latin1"), m))),
  T: (m) => m.push(latin1(m, m.cursor.int32())),
  U: (m) => m.push(latin1(m, m.cursor.uint8())),
  V: (m) => m.push(text(m, pythonTextEscapes(m.cursor.line("latin1")))),
  X: (m) => m.push(utf8(m, m.cursor.uint32())),
  "\x8c": (m) => m.push(utf8(m, m.cursor.uint8())),
  "\x8d": (m) => m.push(utf8(m, m.cursor.uint64())),
  B: (m) => m.push(bytes(m, m.cursor.uint32())),
  C: (m) => m.push(bytes(m, m.cursor.uint8())),
  "\x8e": (m) => m.push(bytes(m, m.cursor.uint64())),
  "\x96": (m) => m.push(bytes(m, m.cursor.uint64())),
  "\x97": (m) => {
    throw m.refuse("a buffer outside of the file is needed (pickle protocol 5, out of band)");
  },
  "\x98": () => {}, // READONLY_BUFFER: all buffers are

  // Lists, tuples, dicts, sets
  "]": (m) => m.push(list(m, [])),
  l: (m) => m.push(list(m, m.popMark())),
  a: (m) => {
    const value = m.pop();
    addElements(m.context, m.top(), [value]);
  },
  e: (m) => {
    const values = m.popMark();
    addElements(m.context, m.top(), values);
  },
  ")": (m) => m.push(emptyTuple),
  "\x85": (m) => m.push(tuple(m, take(m, 1))),
  "\x86": (m) => m.push(tuple(m, take(m, 2))),
  "\x87": (m) => m.push(tuple(m, take(m, 3))),
  t: (m) => m.push(tuple(m, m.popMark())),
  "}": (m) => m.push(map(m)),
  d: (m) => {
    const pairs = m.popMark();
    const dict = map(m);
    addEntries(m.context, dict, pairs);
    m.push(dict);
  },
  s: (m) => {
    const pair = take(m, 2);
    addEntries(m.context, m.top(), pair);
  },
  u: (m) => {
    const pairs = m.popMark();
    addEntries(m.context, m.top(), pairs);
  },
  "\x8f": (m) => m.push(set(m, [])),
  "\x90": (m) => {
    const values = m.popMark();
    addElements(m.context, m.top(), values);
  },
  "\x91": (m) => m.push(set(m, m.popMark())),

  // Stack and memo
  "(": (m) => m.mark(),
  "0": (m) => m.discard(),
  "1": (m) => void m.popMark(),
  "2": (m) => m.push(m.top()),
  p: (m) => m.remember(Number(m.decimal(m.cursor.line()))),
  q: (m) => m.remember(m.cursor.uint8()),
  r: (m) => m.remember(m.cursor.uint32()),
  "\x94": (m) => m.rememberNext(),
  g: (m) => m.recall(Number(m.decimal(m.cursor.line()))),
  h: (m) => m.recall(m.cursor.uint8()),
  j: (m) => m.recall(m.cursor.uint32()),

  // Classes and objects
  c: (m) => m.push(m.global(m.cursor.line(), m.cursor.line())),
  "\x93": (m) => {
    const [module, name] = take(m, 2);
    if (typeof module !== "string" || typeof name !== "string") throw m.damaged("the name of a class is no text");
    m.push(m.global(module, name));
  },
  R: (m) => {
    const [callee, args] = take(m, 2) as [PickleValue, PickleValue];
    m.push(m.construct(callee, args));
  },
  i: (m) => {
    const type = m.global(m.cursor.line(), m.cursor.line());
    m.push(m.construct(type, tuple(m, m.popMark())));
  },
  o: (m) => {
    const [type, ...args] = m.popMark();
    m.push(m.construct(type ?? null, tuple(m, args)));
  },
  "\x81": (m) => {
    const [type, args] = take(m, 2) as [PickleValue, PickleValue];
    m.push(m.instantiate(type, args));
  },
  "\x92": (m) => {
    const [type, args, kwargs] = take(m, 3) as [PickleValue, PickleValue, PickleValue];
    if (!isMap(kwargs)) throw m.damaged("arguments by name are no dict");
    m.push(m.instantiate(type, args, kwargs));
  },
  b: (m) => {
    const state = m.pop();
    setState(m.context, m.top(), state);
  },
  P: (m) => m.push(m.context.persistent(text(m, m.cursor.line()))),
  Q: (m) => m.push(m.context.persistent(m.pop())),
  "\x82": extension,
  "\x83": extension,
  "\x84": extension,

  // Frame of the pickle
  "\x80": (m) => {
    const protocol = m.cursor.uint8();
    if (protocol > 5) throw m.refuse(`pickle protocol ${protocol}; 0 to 5 are known`);
  },
  "\x95": (m) => {
    const length = m.cursor.uint64();
    if (length > m.cursor.remaining)
      throw m.refuse(`truncated: a frame of ${length} bytes, ${m.cursor.remaining} follow`);
  },
  ".": (m) => m.stop(),
};

/** Steps by opcode; undefined where there is no such opcode. */
export const opcodes: readonly (Step | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return Object.hasOwn(rows, letter) ? rows[letter] : undefined;
});

const emptyTuple: readonly PickleValue[] = Object.freeze([]);

function extension(m: PickleMachine): never {
  throw m.refuse("names a class by a number of Python's extension registry, which no file can bring with it");
}

function take(m: PickleMachine, count: number): PickleValue[] {
  const values: PickleValue[] = [];
  for (let i = 0; i < count; i++) values.push(m.pop());
  return values.reverse();
}

function integerOrBoolean(m: PickleMachine, line: string): PickleValue {
  if (line === "00") return false;
  if (line === "01") return true;
  return number(m, m.decimal(line));
}

function longInteger(m: PickleMachine, length: number): PickleValue {
  if (length < 0 || length > limits.integerLength) throw m.refuse(`an integer of ${length} bytes`);
  return number(m, m.cursor.integer(length));
}

function number(m: PickleMachine, value: number | bigint): PickleValue {
  if (typeof value === "bigint") m.spend(cost.number + 4 * limits.integerLength);
  return value;
}

function decimalFloat(m: PickleMachine, line: string): number {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN };
  const value = special[line] ?? Number(line.trim() || "none");
  if (Number.isNaN(value) && line !== "nan") throw m.damaged("a line that is no number");
  return value;
}

function text(m: PickleMachine, value: string): string {
  m.spend(cost.text);
  return value;
}

function utf8(m: PickleMachine, length: number): string {
  m.spend(cost.text);
  return m.cursor.utf8(length);
}

/** A Python 2 str: raw bytes, here one character each. */
function latin1(m: PickleMachine, length: number): string {
  if (length < 0) throw m.damaged("a text of negative length");
  m.spend(cost.text);
  return m.cursor.latin1(length);
}

function bytes(m: PickleMachine, length: number): Uint8Array {
  m.spend(cost.view);
  return m.cursor.take(length);
}

function list(m: PickleMachine, values: PickleValue[]): PickleValue[] {
  m.spend(cost.list + cost.element * values.length);
  return values;
}

/** Frozen, which is how a tuple differs from a list here. */
function tuple(m: PickleMachine, values: PickleValue[]): readonly PickleValue[] {
  m.spend(cost.list + cost.element * values.length);
  return isSequence(values) && values.length > 0 ? Object.freeze(values) : emptyTuple;
}

function map(m: PickleMachine): Map<PickleValue, PickleValue> {
  m.spend(cost.map);
  return new Map();
}

function set(m: PickleMachine, values: PickleValue[]): Set<PickleValue> {
  m.spend(cost.map);
  const result = new Set<PickleValue>();
  addElements(m.context, result, values);
  return result;
}
