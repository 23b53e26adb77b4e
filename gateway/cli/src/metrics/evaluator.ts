/** @file The metric evaluator that a command talks to, and an evaluation from its request to its values. */
import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { type EvaluationResult, EvaluationSpec, MetricEvaluatorServiceDefinition } from "@tandem/contracts";
import type { Context } from "../context.js";
import { isLocal } from "../generate/model-reference.js";
import { followJob } from "../jobs/follow-job.js";
import { JobServer } from "../jobs/job-server.js";
import { inMetricOptions } from "./options.js";

/**
 * Opens an evaluator; one of our own keeps its records in the state folder, and what is interrupted goes on there.
 * @param paths that it reads and writes
 * @param gateway whose models it measures
 * @throws DomainError as JobServer.open
 */
export function openEvaluator(
  context: Context,
  paths: readonly (string | undefined)[],
  gateway?: string,
): Promise<JobServer> {
  const { home, options, env } = context;
  const roots = paths
    .filter((path): path is string => path !== undefined && isLocal(path))
    .flatMap((path) => [resolve(path), dirname(resolve(path))]);
  const remote = paths.filter((path): path is string => path !== undefined && /^https:/i.test(path));
  const args = ["--measurements", join(home, "measurements"), "--device", options.device];
  if (gateway !== undefined) args.push("--gateway", gateway);
  const secrets = env.TANDEM_TOKEN ? { TANDEM_GATEWAY_TOKEN: env.TANDEM_TOKEN } : {};
  return JobServer.open(context, "metric-evaluator", [...new Set([...roots, ...remote])], {
    args,
    env: gateway ? secrets : {},
  });
}

/** Has an evaluation done, showing progress. @throws DomainError of request or job, in the options' words; the signal's reason */
export async function evaluate(
  context: Context,
  server: JobServer,
  title: string,
  spec: Parameters<typeof EvaluationSpec.fromPartial>[0],
): Promise<EvaluationResult> {
  const evaluator = server.client(MetricEvaluatorServiceDefinition);
  try {
    const request = { requestId: randomUUID(), spec: EvaluationSpec.fromPartial(spec) };
    const { job } = await evaluator.createEvaluationJob(request, { signal: context.signal });
    const ended = await followJob(context, server.jobs, job!.name, { title, isTalkative: true });
    return ended.result!.kind!.value as EvaluationResult;
  } catch (error) {
    throw inMetricOptions(error);
  }
}
