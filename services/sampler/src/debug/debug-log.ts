/** @file TANDEM_DEBUG from 2 on: steps and evaluations (2), nodes and provider of each network (3), statistics of tensors (4). */
import type { StepReport } from "@tandem/diffusion";
import type { NetworkCost } from "@tandem/networks";
import { type DebugLevel, debugLevel } from "@tandem/rpc";
import type { EvaluationRequest, EvaluationResult, Evaluator } from "@tandem/runtime";
import type { SamplePlan } from "../sample/sample-plan.js";
import { tensorStatistics } from "./tensor-statistics.js";

type LoopPlan = Pick<SamplePlan, "main" | "terms" | "levels" | "seeds">;

/** Writes what the level asks for; below 2 it costs nothing. */
export class DebugLog {
  constructor(
    private readonly write: (facts: object, message: string) => void,
    private readonly level: DebugLevel = debugLevel(),
  ) {}

  /** A network that was loaded: from now on its evaluations are logged. @param steps empty when its graph is unknown */
  watch(model: string, evaluator: Evaluator, { steps }: Pick<NetworkCost, "steps">): Evaluator {
    if (this.level >= 3) {
      const operations = Object.entries(Object.groupBy(steps, ({ operation }) => operation));
      const nodes = Object.fromEntries(operations.map(([operation, nodes]) => [operation, nodes.length]));
      this.write({ model, ...evaluator.execution, nodes }, "nodes");
    }
    if (this.level < 2) return evaluator;
    const { execution, inputs, outputs, maxBatchSize } = evaluator;
    const evaluate = async (request: EvaluationRequest) => {
      const before = this.level >= 4 ? statistics(request.inputs) : undefined; // the tensors may be used again meanwhile
      const result = await evaluator.evaluate(request);
      this.#evaluation(model, request, result, before);
      return result;
    };
    return { execution, inputs, outputs, maxBatchSize, evaluate };
  }

  /** A step of a sampling loop that runs here. */
  step({ main, terms, levels, seeds }: LoopPlan, { step, steps, sigma: next }: StepReport): void {
    if (this.level < 2) return;
    const sigma = levels[step - 1]!;
    const weights = terms.map(({ model, weight, interval }) => {
      const acts = sigma > interval.low && sigma <= interval.high;
      return { model: model.name, weight: acts ? weight : 1 };
    });
    this.write({ model: main.name, samples: seeds.length, step, steps, sigma, next, weights }, "step");
  }

  #evaluation(model: string, request: EvaluationRequest, result: EvaluationResult, inputs: object | undefined): void {
    const { count, client } = request;
    const facts = { model, client, samples: count, sigma: request.inputs.sigma?.[0], ...result.timing };
    this.write({ ...facts, ...(inputs && { inputs, outputs: statistics(result.outputs) }) }, "evaluation");
  }
}

const statistics = (tensors: Readonly<Record<string, Float32Array>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, tensorStatistics(values)]));
