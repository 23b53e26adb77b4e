/** @file What a pickle becomes here: plain data. Objects of classes that we do not know are inert records. */
import type { DType, TensorData } from "../tensor-data.js";

/**
 * A value of a pickle. None is null; an int is a number, or a bigint beyond 2^53; str is a string; bytes and bytearray are
 * views of the file; a list is an array, a tuple a frozen array; dicts (OrderedDict, too) are Maps; NumPy arrays and torch
 * tensors are `PickledTensor`s, NumPy scalars numbers. Containers may contain themselves.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | PickleMap
  | PickleSet
  | PickleGlobal
  | PickleRecord
  | PickledTensor
  | PickleOpaque;

/** A dict, in the order of insertion. */
export interface PickleMap extends Map<PickleValue, PickleValue> {}

/** A set or frozenset. */
export interface PickleSet extends Set<PickleValue> {}

/** A class or function that a pickle names. It is a name and nothing else. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An object of a class that is not built: what the pickle says of it, word for word. */
export class PickleRecord {
  /** What BUILD would have handed to the object: mostly its __dict__. */
  state: PickleValue | undefined;
  /** Entries, when its class extends dict. */
  items: PickleMap | undefined;
  /** Elements, when its class extends list, set or deque. */
  elements: PickleValue[] | undefined;

  /**
   * @param type   the class, or the function that would have made the object
   * @param args   positional arguments
   * @param kwargs arguments by name
   */
  constructor(
    readonly type: PickleGlobal,
    readonly args: readonly PickleValue[],
    readonly kwargs?: PickleMap,
  ) {}

  get module(): string {
    return this.type.module;
  }

  get name(): string {
    return this.type.name;
  }
}

/** A NumPy array or a torch tensor. Filled in when its bytes are found, at the latest when the pickle has been read. */
export class PickledTensor implements TensorData {
  dtype: DType = "U8";
  shape: readonly number[] = Object.freeze([0]);
  data: Uint8Array = new Uint8Array();
}

/** Parts that readers of arrays and tensors leave in a value, such as a storage or a dtype on its own. */
export abstract class PickleOpaque {
  /** What it is, for people. */
  abstract toString(): string;
}

/** Whether a value of a pickle is a tensor or an array. */
export function isTensor(value: unknown): value is TensorData {
  return value instanceof PickledTensor;
}
