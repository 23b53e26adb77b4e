/** @file The kinds of runs that this trainer does, by their names in the contract. */
import type { Kinds } from "./run/run-kind.js";

export const kinds: Kinds = {};
