/** @file A value with its settings, as it is kept. */
import type { EvaluationRecord, MetricRecord } from "@tandem/contracts";
import type { ChildContext } from "@tandem/jobs";
import type { EvaluationInput } from "./evaluation-input.js";

/** @param weightsDigests by model, of a generation */
export const toRecord = (
  metric: MetricRecord,
  { spec }: EvaluationInput,
  { job }: ChildContext,
  weightsDigests: Readonly<Record<string, string>> = {},
): EvaluationRecord => ({ metric, createTime: new Date(), job, spec, weightsDigests: { ...weightsDigests } });
