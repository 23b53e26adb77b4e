/** @file What building values needs besides the values: the file's name, its budget, and how nested things are read. */

import type { DomainError } from "@tandem/errors";
import { unsafe } from "../file-error.js";
import type { Budget } from "./budget.js";
import { PickledTensor, type PickleGlobal, type PickleMap, PickleOpaque, type PickleValue } from "./values.js";

/** Shared by everything that reads one pickle. */
export interface PickleContext {
  /** Name of the file, for errors. */
  readonly file: string;
  readonly budget: Budget;
  /** Value of a persistent id; what stands outside the pickle. */
  persistent(id: PickleValue): PickleValue;
  /** Value of a torch file that lies in a bytes object. */
  nested(bytes: Uint8Array): PickleValue;
  /** Runs once the pickle has been read and all storages are found. */
  later(finish: () => void): void;
}

/**
 * Builds the value of a class or function that we know. It stands for a Python call and is our own code: nothing that the
 * file brings with it is run.
 */
export type Constructor = (args: readonly PickleValue[], context: PickleContext, type: PickleGlobal) => PickleValue;

/** Known classes and functions by "module.name". */
export type Constructors = ReadonlyMap<string, Constructor>;

/** A value that takes the rest of what it is by BUILD. */
export interface Restorable {
  restore(state: PickleValue, context: PickleContext): void;
}

export function isRestorable(value: unknown): value is Restorable {
  return (value instanceof PickledTensor || value instanceof PickleOpaque) && "restore" in value;
}

/** The error of a known constructor that got something else than it takes. */
export function misused(context: PickleContext, what: string): DomainError {
  return unsafe(context.file, `damaged: ${what}`);
}

/** Whether a value is a dict. */
export function isMap(value: unknown): value is PickleMap {
  return value instanceof Map;
}

/** Whether a value is a list or tuple. */
export function isSequence(value: unknown): value is readonly PickleValue[] {
  return Array.isArray(value);
}
