/** @file How much a run will evaluate, known before it starts. */
import { type Churn, churnedLevel } from "./churn.js";
import { type GuidanceTerm, isActive } from "./guidance/term.js";
import { type SolverName, solverNamed } from "./solvers/index.js";

/** What decides about the evaluations of a run. */
export interface RunShape {
  readonly solver: SolverName;
  /** As from `noiseLevels`: N + 1, the last 0. */
  readonly levels: ArrayLike<number>;
  readonly churn?: Churn | undefined;
}

/** Level of every evaluation of a run, in order, as the network sees it (float32). Heun with N steps has 2 N - 1. */
export function evaluationLevels({ solver, levels, churn }: RunShape): Float32Array {
  const single = Float32Array.from(levels);
  const steps = single.length - 1;
  const evaluated: number[] = [];
  const found = solverNamed(solver);
  for (let i = 0; i < steps; i++) {
    evaluated.push(...found.levels(churnedLevel(single[i]!, steps, churn), single[i + 1]!));
  }
  return Float32Array.from(evaluated);
}

/** Network evaluations per sample of a run, over the main model and all guiding terms. */
export function countEvaluations(run: RunShape, terms: readonly Omit<GuidanceTerm, "denoiser">[] = []): number {
  return evaluationLevels(run).reduce(
    (sum, sigma) => sum + 1 + terms.filter((term) => isActive(term, sigma)).length,
    0,
  );
}
