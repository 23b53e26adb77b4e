/** @file What a conformance check is: one promise of the contract, kept or not, as seen from outside. */
import type { Context } from "./context.js";

/** One promise. `run` resolves when the server keeps it, rejects saying how it does not. */
export interface Check {
  /** A sentence, unique in the table; what `known-failing.txt` quotes. */
  readonly name: string;
  /** 1: every backend; 2: backends that serve the optional service. */
  readonly level: 1 | 2;
  /** @throws NotServed where the server or its model has no such thing, by right */
  run(context: Context): Promise<void>;
}

/** The promise is about something that this server need not have. */
export class NotServed extends Error {}

/** @throws Error with `what` unless the fact holds */
export function expects(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what);
}
