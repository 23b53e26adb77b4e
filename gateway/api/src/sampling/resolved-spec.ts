/** @file A resolved sampling plan as the contract's message again. */
import { LabelUse, NoiseGenerator, type SamplingPlan, type SamplingSpec, Solver } from "@tandem/contracts";
import type { GeneratorName } from "@tandem/diffusion";

const SOLVERS = {
  heun: Solver.SOLVER_HEUN,
  euler: Solver.SOLVER_EULER,
  dpmpp_2m: Solver.SOLVER_DPMPP_2M,
} as const satisfies Record<SamplingPlan["solver"], Solver>;

const GENERATORS = {
  "torch-cpu": NoiseGenerator.NOISE_GENERATOR_TORCH_CPU,
  "torch-cuda": NoiseGenerator.NOISE_GENERATOR_TORCH_CUDA,
} as const satisfies Record<GeneratorName, NoiseGenerator>;

/**
 * The spec in which nothing is left to default.
 * @param nameOf  what a model is called in it; default as the plan does
 */
export function resolvedSpec(plan: SamplingPlan, nameOf: (model: string) => string = (model) => model): SamplingSpec {
  const { schedule, churn } = plan;
  return {
    model: nameOf(plan.model),
    guidance: plan.guidance.map(({ model, weight, interval: { low, high }, labels }) => ({
      model: nameOf(model),
      weight,
      interval: low === 0 && high === Number.POSITIVE_INFINITY ? undefined : { low, high: finite(high) },
      labels: labels === "same" ? LabelUse.LABEL_USE_SAME : LabelUse.LABEL_USE_NONE,
    })),
    schedule:
      "sigmas" in schedule
        ? { numSteps: 0, sigmaMin: 0, sigmaMax: 0, rho: 0, sigmas: [...schedule.sigmas] }
        : {
            numSteps: schedule.steps,
            sigmaMin: schedule.sigmaMin,
            sigmaMax: schedule.sigmaMax,
            rho: schedule.rho,
            sigmas: [],
          },
    solver: SOLVERS[plan.solver],
    churn: churn.amount === 0 ? undefined : { ...churn, sigmaMax: finite(churn.sigmaMax) },
  };
}

/** The contract's number of a generator. */
export function generatorValue(generator: GeneratorName): NoiseGenerator {
  return GENERATORS[generator];
}

/** Infinity is absent in the contract, and JSON has no word for it. */
function finite(value: number): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value;
}
