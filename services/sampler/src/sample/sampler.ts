/** @file Whole sampling loops next to the networks. */
import { guided, localDenoiser, type StepReport, sample, type Tensor } from "@tandem/diffusion";
import type { EvaluationTiming } from "@tandem/runtime";
import type { DebugLog } from "../debug/debug-log.js";
import type { LoadedModel } from "../models/loaded-model.js";
import type { Admission } from "./admission.js";
import { draw } from "./draw.js";
import { reported } from "./reported.js";
import type { SamplePlan } from "./sample-plan.js";

/** What a run gave. */
export interface SampleOutcome {
  /** [N, ...sampleShape] */
  readonly samples: Tensor;
  /** Rows used [N, labelDim]; undefined for an unconditional model. */
  readonly labels: Tensor | undefined;
  /** Network evaluations per sample, over all models. */
  readonly evaluations: number;
  /** By model name. */
  readonly weightsDigests: Readonly<Record<string, string>>;
  /** Summed over the evaluations; models that compute side by side both count. */
  readonly timing: EvaluationTiming;
}

/** What happens in a run: steps, then the outcome. */
export type SampleEvent = StepReport | SampleOutcome;

/** Runs sampling loops; evaluations of different runs share batches. */
export class Sampler {
  #runs = 0;

  /** @param admission keeps the runs within what the networks' queues hold */
  constructor(
    private readonly admission: Admission,
    private readonly debug: Pick<DebugLog, "step">,
  ) {}

  /**
   * Runs a plan: yields after every step, and last the outcome. Its models stay in memory meanwhile.
   * @param signal aborts before the next evaluation
   * @throws DomainError MODEL_NOT_READY, QUEUE_FULL, NOT_FINITE, OUT_OF_MEMORY; the signal's reason
   */
  async *run(plan: SamplePlan, signal: AbortSignal): AsyncGenerator<SampleEvent> {
    using held = new DisposableStack();
    held.use(this.admission.admit(plan.seeds.length));
    for (const model of new Set([plan.main, ...plan.terms.map((term) => term.model)])) held.use(model.lease());
    yield* reported<StepReport, SampleOutcome>((report, either) => this.#sample(plan, report, either), signal);
  }

  async #sample(
    plan: SamplePlan,
    onStep: (step: StepReport) => Promise<void>,
    signal: AbortSignal,
  ): Promise<SampleOutcome> {
    const { main, terms, start, labels: given, levels, solver, churn } = plan;
    const timing = { queueMs: 0, computeMs: 0 };
    const client = `sample-${++this.#runs}`;
    const denoiserOf = (model: LoadedModel) =>
      localDenoiser(model.info, model.evaluator, client, ({ queueMs, computeMs }) => {
        timing.queueMs += queueMs;
        timing.computeMs += computeMs;
      });
    const denoiser = guided(
      denoiserOf(main),
      terms.map(({ model, ...term }) => ({ ...term, denoiser: denoiserOf(model) })),
    );
    const { sampleShape, labelDim } = main.facts;
    const { generator, seeds } = plan;
    const drawsNoise = start === undefined;
    const drawn = { generator, seeds, sampleShape, labelDim, labels: given, drawsNoise };
    const { noise, labels, generators } = await draw(drawn, signal);
    const { samples, networkEvaluations: evaluations } = await sample({
      denoiser,
      levels,
      solver,
      churn,
      noise,
      start,
      labels,
      generators,
      signal,
      onStep: (step) => {
        this.debug.step(plan, step);
        return onStep(step);
      },
    });
    return { samples, labels, evaluations, weightsDigests: denoiser.info.weightsDigests, timing };
  }
}
