/** @file The sampling loop: one for whole runs on a server and for the gateway's steps across servers. */
import { DomainError, invalid } from "@tandem/errors";
import { addChurn, type Churn, checkChurn, churnedLevel } from "./churn.js";
import type { Denoiser } from "./denoiser.js";
import { checkLevels } from "./noise-levels.js";
import type { Generator } from "./random/generator.js";
import { type SolverName, solverNamed } from "./solvers/index.js";
import { sizeOf, type Tensor } from "./tensor.js";

/** After a step. The tensors are views: read them before the returned promise resolves, copy what is to be kept. */
export interface StepReport {
  /** Steps done, 1 to steps. */
  readonly step: number;
  readonly steps: number;
  /** Noise level reached. */
  readonly sigma: number;
  /** The step's last denoised estimate, [N, ...sampleShape]. */
  readonly denoised: Tensor;
  /** State at `sigma`, [N, ...sampleShape]. */
  readonly state: Tensor;
}

/** A run of the loop. */
export interface SampleOptions {
  readonly denoiser: Denoiser;
  /** N + 1 noise levels, strictly decreasing, the last 0: `noiseLevels(...)`. */
  readonly levels: ArrayLike<number>;
  readonly solver: SolverName;
  readonly churn?: Churn | undefined;
  /** Unit normal noise, multiplied by the first level for the start; or `start`. */
  readonly noise?: Tensor | undefined;
  /** State at the first level, [N, ...sampleShape]; or `noise`. Neither is changed. */
  readonly start?: Tensor | undefined;
  /** Label rows [N, labelDim]; absent means zero rows. */
  readonly labels?: Tensor | undefined;
  /** One per sample, for churn: as `drawBatch` leaves them. */
  readonly generators?: readonly Generator[] | undefined;
  /** Stops the run before the next evaluation; rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every step and awaited: a slow listener slows the run. */
  readonly onStep?: ((report: StepReport) => void | Promise<void>) | undefined;
}

/** What a run gives. */
export interface SampleOutcome {
  /** [N, ...sampleShape] at noise level 0. */
  readonly samples: Tensor;
  /** Evaluations of the denoiser: 2 N - 1 for Heun. */
  readonly evaluations: number;
  /** Network evaluations per sample, over all models that the denoiser consists of. */
  readonly networkEvaluations: number;
}

/**
 * Integrates from the first level down to 0. Levels are rounded to float32 first, so that the solver steps between exactly the
 * levels that the networks see. A sample's result does not depend on the others in its batch.
 * @throws DomainError FIELD_INVALID, SHAPE_MISMATCH, and what the denoiser throws (NOT_FINITE with the step)
 * @see arXiv 2206.00364, Algorithms 1 and 2
 */
export async function sample(options: SampleOptions): Promise<SampleOutcome> {
  const { denoiser, labels, churn, signal } = options;
  const solver = solverNamed(options.solver);
  checkLevels(options.levels);
  const levels = Float32Array.from(options.levels);
  const steps = levels.length - 1;
  const begin = startState(options, levels[0]!);
  const { shape } = begin;
  const count = shape[0]!;
  const generators = churnGenerators(options, count);
  const take = solver.start(begin.data.length);
  const raisedState = generators.length > 0 ? new Float32Array(begin.data.length) : undefined;
  const spare = [new Float32Array(begin.data.length), new Float32Array(begin.data.length)] as const;
  let evaluations = 0;
  let networkEvaluations = 0;
  let step = 0;

  const evaluate = async (x: Float32Array, sigma: number): Promise<Float32Array> => {
    signal?.throwIfAborted();
    const sigmas = new Float32Array(count).fill(sigma);
    evaluations++;
    networkEvaluations += denoiser.networksAt?.(sigma) ?? 1;
    const { data } = await denoiser
      .denoise({ shape, data: x }, sigmas, labels, signal)
      .catch((e) => nameStep(e, step, steps));
    signal?.throwIfAborted();
    return data;
  };

  let state = begin.data;
  while (step < steps) {
    const sigma = levels[step]!;
    const next = levels[step + 1]!;
    const out = spare[step % 2]!;
    const raised = churnedLevel(sigma, steps, churn);
    if (raisedState !== undefined && raised > sigma) {
      addChurn(state, raisedState, { sigma, raised }, churn?.noiseScale ?? 1, generators);
    }
    const x = raisedState !== undefined && raised > sigma ? raisedState : state;
    const denoised = await take({ x, out, sigma: raised, next, evaluate });
    state = out;
    step++;
    const report = { step, steps, sigma: next, denoised: { shape, data: denoised }, state: { shape, data: state } };
    await options.onStep?.(report);
  }
  signal?.throwIfAborted();
  return { samples: { shape, data: state }, evaluations, networkEvaluations };
}

/** The state at the first level: the one given, or noise scaled to it. */
function startState({ denoiser, start, noise }: SampleOptions, sigma: number): Tensor {
  const given = start ?? noise;
  if (given === undefined || (start !== undefined && noise !== undefined)) {
    throw invalid("start", start === undefined ? "missing" : "given with noise", "given, or else noise, not both");
  }
  const expected = [given.shape[0] ?? 0, ...denoiser.info.sampleShape];
  if (given.shape.join() !== expected.join() || expected[0]! < 1 || given.data.length !== sizeOf(expected)) {
    throw new DomainError(
      "SHAPE_MISMATCH",
      `start has shape [${given.shape}] and ${given.data.length} elements; ${denoiser.info.name} needs [N,${denoiser.info.sampleShape}]`,
      { field: "start", metadata: { expected: `[N,${denoiser.info.sampleShape}]`, actual: `[${given.shape}]` } },
    );
  }
  return start ?? { shape: given.shape, data: given.data.map((value) => value * sigma) };
}

/** The generators that churn draws from; none without churn. */
function churnGenerators({ churn, solver, generators }: SampleOptions, count: number): readonly Generator[] {
  if (churn === undefined) return [];
  checkChurn(churn);
  if (churn.amount === 0) return [];
  if (!solverNamed(solver).takesChurn)
    throw invalid("sampling.churn.amount", churn.amount, `0 with the solver ${solver}`);
  if (generators?.length !== count) {
    throw invalid("generators", generators?.length, `one for each of the ${count} samples, for churn`);
  }
  return generators;
}

/** A network that breaks says at which step. */
function nameStep(error: unknown, step: number, steps: number): never {
  if (!(error instanceof DomainError) || error.reason !== "NOT_FINITE") throw error;
  const metadata = { ...error.details.metadata, step: step + 1 };
  throw new DomainError(error.reason, `${error.message} in step ${step + 1} of ${steps}`, {
    ...error.details,
    metadata,
  });
}
