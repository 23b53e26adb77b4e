/** @file A batch whose loop runs here, over a session with each model. */
import { drawBatch, sample } from "@tandem/diffusion";
import type { Batch, BatchOptions, SampledBatch } from "./batch.js";
import type { Composition } from "./composition.js";

/** @throws DomainError SERVER_UNAVAILABLE when a model is lost with all that could stand in for it; what the models throw */
export async function runPerStep(
  composition: Composition,
  batch: Batch,
  { signal, calls, previewEvery, trajectory, onStep }: BatchOptions,
): Promise<SampledBatch> {
  const { plan, levels, main } = composition;
  const { sampleShape, labelDim } = main.model;
  const drawn = drawBatch({ ...batch, sampleShape, labelDim, drawsNoise: batch.start === undefined });
  await using denoisers = composition.open(calls);
  const { samples } = await sample({
    denoiser: denoisers.denoiser,
    levels,
    solver: plan.solver,
    churn: plan.churn,
    noise: drawn.noise,
    start: batch.start,
    labels: drawn.labels,
    generators: drawn.generators,
    signal,
    onStep: ({ step, steps, sigma, denoised, state }) =>
      onStep({
        step,
        steps,
        sigma,
        denoised: previewEvery > 0 && step % previewEvery === 0 ? denoised : undefined,
        state: trajectory ? state : undefined,
      }),
  });
  return { samples, labels: drawn.labels };
}
