/** @file The registry of solvers. */
import { invalid } from "@tandem/errors";
import { dpmpp2m } from "./dpmpp-2m.js";
import { euler } from "./euler.js";
import { heun } from "./heun.js";
import type { Solver } from "./solver.js";

/** Solvers by name. */
export const solvers = { heun, euler, dpmpp_2m: dpmpp2m } as const satisfies Record<string, Solver>;

/** Name of a solver. */
export type SolverName = keyof typeof solvers;

/** @throws DomainError FIELD_INVALID for a name that is not in the registry */
export function solverNamed(name: SolverName): Solver {
  if (!Object.hasOwn(solvers, name))
    throw invalid("sampling.solver", name, `one of ${Object.keys(solvers).join(", ")}`);
  return solvers[name];
}
