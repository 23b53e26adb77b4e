/** @file The registry of solvers. */
import { dpmpp2m } from "./dpmpp-2m.js";
import { euler } from "./euler.js";
import { heun } from "./heun.js";
import type { Solver } from "./solver.js";

/** Solvers by name. */
export const solvers = { heun, euler, dpmpp_2m: dpmpp2m } as const satisfies Record<string, Solver>;

/** Name of a solver. */
export type SolverName = keyof typeof solvers;
