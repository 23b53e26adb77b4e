/** @file SamplingSpec as a plan: every default filled in, every field in its range. */
import { DomainError, invalid } from "@tandem/errors";
import { type GuidanceTerm, LabelUse, type SigmaInterval } from "./generated/tandem/v1/guidance.js";
import {
  type Churn,
  NoiseGenerator,
  type NoiseSchedule,
  type SamplingSpec,
  Solver,
} from "./generated/tandem/v1/sampling.js";

/** Most steps of one run: beyond it a request is a mistake, or an attack on whoever waits behind it. */
export const MAX_STEPS = 10_000;
/** Most guidance terms of one run. */
export const MAX_TERMS = 16;

/** Noise levels whose squares, and roots of the exponents below, float32 and float64 can hold. */
const LEVELS = [1e-12, 1e12] as const;
const EXPONENTS = [0.1, 1000] as const;

/** Noise levels: the formula's parameters, or the levels themselves (descending, without the final 0). */
export type SchedulePlan =
  | { readonly steps: number; readonly sigmaMin: number; readonly sigmaMax: number; readonly rho: number }
  | { readonly sigmas: readonly number[] };

/** One guiding model: active where low < sigma <= high. */
export interface TermPlan {
  readonly model: string;
  /** Guidance strength, any finite value; 1 is off. */
  readonly weight: number;
  readonly interval: { readonly low: number; readonly high: number };
  /** Labels that the guiding model sees: the main model's, or none. */
  readonly labels: "same" | "none";
}

/** S_churn, S_min, S_max and S_noise of the stochastic sampler; amount 0 is deterministic. */
export interface ChurnPlan {
  readonly amount: number;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  readonly noiseScale: number;
}

/** A whole SamplingSpec, resolved. */
export interface SamplingPlan {
  readonly model: string;
  readonly guidance: readonly TermPlan[];
  readonly schedule: SchedulePlan;
  readonly solver: "heun" | "euler" | "dpmpp_2m";
  readonly churn: ChurnPlan;
}

/** Contract solvers by the names the library has for them; unset means Heun. */
const solvers: Partial<Record<Solver, SamplingPlan["solver"]>> = {
  [Solver.SOLVER_UNSPECIFIED]: "heun",
  [Solver.SOLVER_HEUN]: "heun",
  [Solver.SOLVER_EULER]: "euler",
  [Solver.SOLVER_DPMPP_2M]: "dpmpp_2m",
};

const generators: Partial<Record<NoiseGenerator, "torch-cpu" | "torch-cuda">> = {
  [NoiseGenerator.NOISE_GENERATOR_UNSPECIFIED]: "torch-cpu",
  [NoiseGenerator.NOISE_GENERATOR_TORCH_CPU]: "torch-cpu",
  [NoiseGenerator.NOISE_GENERATOR_TORCH_CUDA]: "torch-cuda",
};

const labelUses: Partial<Record<LabelUse, TermPlan["labels"]>> = {
  [LabelUse.LABEL_USE_UNSPECIFIED]: "same",
  [LabelUse.LABEL_USE_SAME]: "same",
  [LabelUse.LABEL_USE_NONE]: "none",
};

/**
 * Checks a SamplingSpec and fills in its defaults. Names of models are checked by whoever knows the models.
 * @param field path of the message in its request
 * @throws DomainError FIELD_INVALID naming the field, its value and the allowed range
 */
export function readSampling(spec: SamplingSpec | undefined, field = "sampling"): SamplingPlan {
  if (!spec) throw invalid(field, undefined, "given: it names the model");
  if (spec.guidance.length > MAX_TERMS)
    throw invalid(`${field}.guidance`, `${spec.guidance.length} terms`, `at most ${MAX_TERMS} terms`);
  const solver = known(solvers, spec.solver, `${field}.solver`, "SOLVER_HEUN, SOLVER_EULER or SOLVER_DPMPP_2M");
  const churn = readChurn(spec.churn, `${field}.churn`);
  if (solver === "dpmpp_2m" && churn.amount > 0)
    throw invalid(`${field}.churn.amount`, churn.amount, "0 with SOLVER_DPMPP_2M, which is deterministic");
  return {
    model: spec.model,
    guidance: spec.guidance.map((term, k) => readTerm(term, `${field}.guidance[${k}]`)),
    schedule: readSchedule(spec.schedule, `${field}.schedule`),
    solver,
    churn,
  };
}

/** The generator's library name. @throws DomainError FIELD_INVALID */
export function readGenerator(generator: NoiseGenerator, field = "generator"): "torch-cpu" | "torch-cuda" {
  return known(generators, generator, field, "NOISE_GENERATOR_TORCH_CPU or NOISE_GENERATOR_TORCH_CUDA");
}

/**
 * Seeds of a batch, one per sample.
 * @throws DomainError FIELD_INVALID (none, or one twice: it would give the same image twice)
 */
export function readSeeds(seeds: readonly bigint[], field = "seeds"): readonly bigint[] {
  if (seeds.length === 0) throw invalid(field, "empty", "one seed per sample");
  const seen = new Set<bigint>();
  for (const seed of seeds) {
    if (seen.has(seed)) throw invalid(field, `a list with ${seed} twice`, "distinct: equal seeds give equal samples");
    seen.add(seed);
  }
  return seeds;
}

function readSchedule(schedule: NoiseSchedule | undefined, field: string): SchedulePlan {
  if (schedule && schedule.sigmas.length > 0) return { sigmas: readLevels(schedule, field) };
  const steps = orDefault(schedule?.numSteps, 32);
  const sigmaMin = orDefault(schedule?.sigmaMin, 0.002);
  const sigmaMax = orDefault(schedule?.sigmaMax, 80);
  const rho = orDefault(schedule?.rho, 7);
  if (steps > MAX_STEPS) throw invalid(`${field}.num_steps`, steps, `1 to ${MAX_STEPS}, or 0 for 32`);
  checkWithin(sigmaMin, LEVELS, `${field}.sigma_min`);
  checkWithin(sigmaMax, LEVELS, `${field}.sigma_max`);
  checkWithin(rho, EXPONENTS, `${field}.rho`);
  if (steps > 1 && sigmaMin >= sigmaMax)
    throw invalid(`${field}.sigma_min`, sigmaMin, `below sigma_max, which is ${sigmaMax}`);
  return { steps, sigmaMin, sigmaMax, rho };
}

function readLevels(schedule: NoiseSchedule, field: string): readonly number[] {
  const { sigmas } = schedule;
  if (sigmas.length > MAX_STEPS)
    throw invalid(`${field}.sigmas`, `${sigmas.length} levels`, `at most ${MAX_STEPS} levels`);
  for (const [name, value] of [
    ["num_steps", schedule.numSteps],
    ["sigma_min", schedule.sigmaMin],
    ["sigma_max", schedule.sigmaMax],
    ["rho", schedule.rho],
  ] as const)
    if (value !== 0) throw invalid(`${field}.${name}`, value, "unset when sigmas are given");
  for (const [i, sigma] of sigmas.entries()) {
    checkWithin(sigma, LEVELS, `${field}.sigmas[${i}]`);
    if (i > 0 && sigma >= sigmas[i - 1]!)
      throw invalid(`${field}.sigmas[${i}]`, sigma, `below the level before it, which is ${sigmas[i - 1]}`);
  }
  return sigmas;
}

function readChurn(churn: Churn | undefined, field: string): ChurnPlan {
  const amount = churn?.amount ?? 0;
  const sigmaMin = churn?.sigmaMin ?? 0;
  const sigmaMax = churn?.sigmaMax ?? Number.POSITIVE_INFINITY;
  const noiseScale = churn?.noiseScale ?? 1;
  checkNotNegative(amount, `${field}.amount`);
  checkNotNegative(sigmaMin, `${field}.sigma_min`);
  checkNotNegative(noiseScale, `${field}.noise_scale`);
  if (!(sigmaMax >= sigmaMin))
    throw invalid(`${field}.sigma_max`, sigmaMax, `at least sigma_min, which is ${sigmaMin}; infinity is allowed`);
  return { amount, sigmaMin, sigmaMax, noiseScale };
}

function readTerm(term: GuidanceTerm, field: string): TermPlan {
  const { model, weight } = term;
  if (weight === undefined) throw invalid(`${field}.weight`, undefined, "a finite number; 1 turns the term off");
  if (!Number.isFinite(weight)) throw invalid(`${field}.weight`, weight, "finite");
  return {
    model,
    weight,
    interval: readInterval(term.interval, `${field}.interval`),
    labels: known(labelUses, term.labels, `${field}.labels`, "LABEL_USE_SAME or LABEL_USE_NONE"),
  };
}

function readInterval(interval: SigmaInterval | undefined, field: string): TermPlan["interval"] {
  const low = interval?.low ?? 0;
  const high = interval?.high ?? Number.POSITIVE_INFINITY;
  checkNotNegative(low, `${field}.low`);
  if (!(high > low)) throw invalid(`${field}.high`, high, `greater than low, which is ${low}`);
  return { low, high };
}

/** 0 is "unset" in the contract; NaN is not. */
function orDefault(value: number | undefined, unset: number): number {
  return value === undefined || value === 0 ? unset : value;
}

function checkWithin(value: number, [least, most]: readonly [number, number], field: string): void {
  if (!(value >= least && value <= most)) throw invalid(field, value, `${least} to ${most}`);
}

function checkNotNegative(value: number, field: string): void {
  if (!(value >= 0 && Number.isFinite(value))) throw invalid(field, value, "0 or more, and finite");
}

function known<K extends number, V>(table: Partial<Record<K, V>>, key: K, field: string, allowed: string): V {
  const value = table[key];
  if (value === undefined)
    throw new DomainError("FIELD_INVALID", `${field} is ${key}; it must be ${allowed}`, { field });
  return value;
}
