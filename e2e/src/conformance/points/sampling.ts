/** @file Point 9, SamplerService: the whole loop on the server is the loop over its own DenoiseStream. */
import {
  NoiseGenerator,
  readTensor,
  type SampleProgress,
  SampleRequest,
  type SampleResult,
  Solver,
  writeTensor,
} from "@tandem/contracts";
import { type Denoiser, drawBatch, type GeneratorName, noiseLevels, type SolverName, sample } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import { type Check, expects, NotServed } from "../check.js";
import type { Context } from "../context.js";
import type { Draft } from "../draft.js";
import { close, float32 } from "../inputs.js";
import { describe, refused } from "../refused.js";

const SEEDS = [0n, 5n];
const STEPS = 4;
/** Rounding of other batch sizes, carried through the loop. */
const TOLERANCE = 1e-4;

const spec = ({ model }: Context): Draft<typeof SampleRequest> => ({
  sampling: { model: model.name, schedule: { numSteps: STEPS } },
  seeds: SEEDS,
});

export const sampling: readonly Check[] = [
  ...loop("Heun", "heun", Solver.SOLVER_HEUN, "torch-cpu", NoiseGenerator.NOISE_GENERATOR_TORCH_CPU),
  ...loop(
    "Heun from CUDA's noise",
    "heun",
    Solver.SOLVER_HEUN,
    "torch-cuda",
    NoiseGenerator.NOISE_GENERATOR_TORCH_CUDA,
  ),
  ...loop("Euler", "euler", Solver.SOLVER_EULER, "torch-cpu", NoiseGenerator.NOISE_GENERATOR_UNSPECIFIED),
  {
    name: "sampling: the trajectory has a state for every step, and the result comes last",
    level: 2,
    async run(context) {
      const { progress, result } = await run(context, { ...spec(context), trajectory: true, previewEvery: 1 });
      expects(progress.length === STEPS, `${progress.length} states for ${STEPS} steps`);
      progress.forEach(({ step, numSteps, state, denoised }, i) => {
        expects(step === i + 1 && numSteps === STEPS, `step ${step} of ${numSteps} in place ${i + 1}`);
        expects(state !== undefined && denoised !== undefined, `step ${step} has no state or no preview`);
      });
      const last = readTensor(progress.at(-1)?.state, "state");
      close(readTensor(result.samples, "samples"), last, 0, "the result against the last state");
      expects(result.evaluations === 2 * STEPS - 1, `${result.evaluations} evaluations of ${2 * STEPS - 1}`);
      const digest = result.weightsDigests[context.model.name];
      expects(digest === context.model.weightsDigest, `the digest of ${context.model.name} is ${digest}`);
    },
  },
  {
    name: "sampling: wrong requests have their reasons",
    level: 2,
    async run(context) {
      const asked = spec(context);
      await served(context);
      await refused(run(context, { ...asked, seeds: [] }), "FIELD_INVALID", { field: "seeds" });
      const schedule = { sigmas: [1, 2] };
      await refused(run(context, { ...asked, sampling: { ...asked.sampling, schedule } }), "FIELD_INVALID");
      const model = context.model.name.replace(/[^/]+$/, "no-such-model");
      await refused(run(context, { ...asked, sampling: { model } }), "RESOURCE_NOT_FOUND");
    },
  },
];

/** A solver and a generator, as both sides name them. */
function loop(
  title: string,
  solver: SolverName,
  wireSolver: Solver,
  generator: GeneratorName,
  wire: NoiseGenerator,
): [Check] {
  const check: Check = {
    name: `sampling: ${title} equals the loop over DenoiseStream`,
    level: 2,
    async run(context) {
      const asked = spec(context);
      const sampled = { ...asked, generator: wire, sampling: { ...asked.sampling, solver: wireSolver } };
      const { result } = await run(context, sampled);
      const { sampleShape, labelDim } = context.model;
      const { noise, labels } = drawBatch({ generator, seeds: SEEDS, sampleShape, labelDim });
      const levels = noiseLevels({ steps: STEPS });
      await using denoiser = await remote(context, labels);
      const expected = await sample({ denoiser, levels, solver, noise, labels });
      close(readTensor(result.samples, "samples"), expected.samples, TOLERANCE, "the samples");
    },
  };
  return [check];
}

/** The model behind a session of its own. */
async function remote(context: Context, labels: Denoiser["denoise"] extends (...a: infer A) => unknown ? A[2] : never) {
  const { name, sampleShape, labelDim, maxBatchSize } = context.model;
  const given = labels && { kind: { $case: "vectors" as const, value: writeTensor(labels, float32) } };
  const session = await context.openSession(SEEDS.length, { labels: given });
  return {
    info: { name, sampleShape, labelDim, maxBatchSize, weightsDigests: {} },
    async denoise(x, sigma) {
      session.step({ x: float32.encode(x.data), sigma: Array.from(sigma) });
      return { shape: x.shape, data: float32.decode((await session.result()).denoised) };
    },
    [Symbol.asyncDispose]: () => session.close(),
  } satisfies Denoiser & AsyncDisposable;
}

/** Samples to the end. @throws NotServed when the server has no such service */
async function run(context: Context, asked: Draft<typeof SampleRequest>) {
  const progress: SampleProgress[] = [];
  let result: SampleResult | undefined;
  try {
    for await (const { event } of context.sampler.sample(asked)) {
      expects(result === undefined, `${event?.$case} came after the result`);
      if (event?.$case === "progress") progress.push(event.value);
      else result = event?.value;
    }
  } catch (error) {
    if (error instanceof DomainError && error.reason === "NOT_SUPPORTED") throw new NotServed(describe(error));
    throw error;
  }
  expects(result !== undefined, "the stream ended without result");
  return { progress, result };
}

/** @throws NotServed */
async function served(context: Context): Promise<void> {
  await run(context, { ...spec(context), sampling: { model: context.model.name, schedule: { numSteps: 1 } } });
}
