/** @file The pickle machine: a stack, a memo, and one step per opcode. It builds data; it has no way to call anything. */
import { unsafe } from "../file-error.js";
import { cost, limits } from "./budget.js";
import type { Constructors, PickleContext } from "./context.js";
import { Cursor } from "./cursor.js";
import { isClassName, isDangerous } from "./danger.js";
import { opcodes } from "./opcodes.js";
import { PickleGlobal, type PickleMap, PickleRecord, type PickleValue } from "./values.js";

/** Runs one pickle from its first opcode to STOP. */
export class PickleMachine {
  readonly cursor: Cursor;
  private stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly globals = new Map<string, PickleGlobal>();
  private finished = false;

  constructor(
    bytes: Uint8Array,
    start: number,
    readonly context: PickleContext,
    private readonly constructors: Constructors,
  ) {
    this.cursor = new Cursor(context.file, bytes, start);
  }

  /** The value of the pickle; the cursor then stands behind it. */
  run(): PickleValue {
    if (this.cursor.remaining === 0) throw this.refuse("empty");
    while (!this.finished) {
      this.context.budget.countOpcode();
      const code = this.cursor.uint8();
      const step = opcodes[code];
      if (!step)
        throw this.refuse(`not a pickle: byte ${this.cursor.at - 1} is 0x${code.toString(16)}, which is no opcode`);
      step(this);
    }
    return this.pop();
  }

  stop(): void {
    this.finished = true;
  }

  refuse(why: string) {
    return unsafe(this.context.file, why);
  }

  /** The error of a file whose opcodes make no sense together. */
  damaged(why: string) {
    return this.refuse(`damaged: ${why} (before byte ${this.cursor.at})`);
  }

  spend(bytes: number): void {
    this.context.budget.spend(bytes);
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const floor = this.marks.at(-1) ?? 0;
    if (this.stack.length <= floor) throw this.damaged("an opcode takes more than the stack holds");
    return this.stack.pop() as PickleValue;
  }

  top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** Everything above the last mark, which goes too. */
  popMark(): PickleValue[] {
    const start = this.marks.pop();
    if (start === undefined) throw this.damaged("a mark is missing");
    return this.stack.splice(start);
  }

  /** POP also takes a mark, when one is on top. */
  discard(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop();
    else this.pop();
  }

  remember(index: number): void {
    this.spend(cost.memo);
    this.memo.set(index, this.top());
  }

  /** MEMOIZE numbers its entries itself. */
  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.damaged(`memo ${index} was never stored`);
    this.push(value);
  }

  /** A class or function by name; those that reach the interpreter are refused by name alone. */
  global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    const known = this.globals.get(full);
    if (known) return known;
    if (isDangerous(module, name)) throw this.refuse(`names ${show(full)}, which could run code; nothing was executed`);
    this.spend(cost.record + 2 * full.length);
    const global = new PickleGlobal(module, name);
    this.globals.set(full, global);
    return global;
  }

  /** What a call of `callee` stands for: a value that we know how to build, a record of a class, or a refusal. */
  construct(callee: PickleValue, args: PickleValue, kwargs?: PickleMap): PickleValue {
    if (!(callee instanceof PickleGlobal))
      throw this.refuse("calls something that is not a class; nothing was executed");
    if (!Array.isArray(args)) throw this.damaged(`the arguments of ${show(String(callee))} are no tuple`);
    const known = this.constructors.get(String(callee));
    if (known && !kwargs?.size) return known(args, this.context, callee);
    if (isClassName(callee.name)) return this.record(callee, args, kwargs);
    throw this.refuse(
      `calls ${show(String(callee))}, a function that is not known to be harmless; nothing was executed`,
    );
  }

  /** An object of a class: known ones are built, all others recorded. */
  instantiate(type: PickleValue, args: PickleValue, kwargs?: PickleMap): PickleValue {
    if (!(type instanceof PickleGlobal)) throw this.damaged("an object whose class is not a class");
    if (this.constructors.has(String(type)) || !Array.isArray(args)) return this.construct(type, args, kwargs);
    return this.record(type, args, kwargs);
  }

  private record(type: PickleGlobal, args: readonly PickleValue[], kwargs?: PickleMap): PickleRecord {
    this.spend(cost.record);
    return new PickleRecord(type, args, kwargs);
  }

  /** An integer written in digits. */
  decimal(text: string): number | bigint {
    if (text.length > limits.integerLength) throw this.refuse(`an integer of ${text.length} digits`);
    if (!/^\s*[-+]?\d+\s*$/.test(text)) throw this.damaged(`${show(text)} is no integer`);
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text.trim().replace(/^\+/, ""));
  }
}

/** Text from the file as an error shows it: printable, and never longer than a line. */
function show(text: string): string {
  const printable = JSON.stringify(text).slice(1, -1);
  return printable.length > 100 ? `${printable.slice(0, 97)}...` : printable;
}
