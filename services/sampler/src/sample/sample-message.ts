/** @file Progress and result of a run as messages. */
import { type SampleResponse, type Tensor, wireTypes, writeLabels, writeTensor } from "@tandem/contracts";
import type { Tensor as Samples, StepReport } from "@tandem/diffusion";
import { writeSamples, writeTiming } from "../denoise/denoise-message.js";
import type { SamplePlan } from "./sample-plan.js";
import type { SampleEvent, SampleOutcome } from "./sampler.js";

/** An event of a run. */
export function writeEvent(event: SampleEvent, plan: SamplePlan): SampleResponse {
  return "step" in event ? writeProgress(event, plan) : writeOutcome(event, plan);
}

/** After a step: where the run is, with a preview and the state when the plan asks for them. */
function writeProgress(report: StepReport, { previewEvery, withTrajectory }: SamplePlan): SampleResponse {
  const { step, steps: numSteps, sigma } = report;
  const isPreviewDue = previewEvery > 0 && step % previewEvery === 0;
  const value = {
    step,
    numSteps,
    sigma,
    denoised: isPreviewDue ? copyOf(report.denoised) : undefined,
    state: withTrajectory ? copyOf(report.state) : undefined,
  };
  return { event: { $case: "progress", value } };
}

/** At the end. */
function writeOutcome(outcome: SampleOutcome, plan: SamplePlan): SampleResponse {
  const { samples, labels, evaluations, weightsDigests, timing } = outcome;
  const value = {
    samples: writeSamples(samples, plan.outputType),
    labels: labels && writeLabels(labels),
    evaluations,
    weightsDigests: { ...weightsDigests },
    timing: writeTiming(timing),
  };
  return { event: { $case: "result", value } };
}

/** The loop goes on with its buffers while the message may still wait to be written. */
function copyOf({ shape, data }: Samples): Tensor {
  return writeTensor({ shape, data: data.slice() }, wireTypes[0]!);
}
