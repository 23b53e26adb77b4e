/** @file The domain of a sampler, wired: plain objects that know neither Nest nor gRPC. */
import { Runtime, type RuntimeOptions } from "@tandem/runtime";
import type { Registry } from "prom-client";
import type { SamplerConfig } from "./config/config.js";
import type { DebugLog } from "./debug/debug-log.js";
import { OpenSessions } from "./denoise/open-sessions.js";
import { SamplerMetrics } from "./metrics/sampler-metrics.js";
import { CostCounter } from "./models/cost-counter.js";
import type { InitialModel } from "./models/initial-models.js";
import { ModelStore } from "./models/model-store.js";
import { NetworkLoader } from "./models/network-loader.js";
import { NetworkReader } from "./models/network-reader.js";
import { WeightsFiles } from "./models/weights-files.js";
import { Admission } from "./sample/admission.js";
import { Sampler } from "./sample/sampler.js";

/** What the process runs. */
export interface SamplerDomain {
  readonly runtime: Runtime;
  readonly models: ModelStore;
  readonly costs: CostCounter;
  readonly sessions: OpenSessions;
  readonly sampler: Sampler;
  /** Adds metrics of the networks to those of the process. */
  watch(registry: Registry): SamplerMetrics;
}

/**
 * Makes the objects of a sampler.
 * @param initial     models listed at the start: their files may be read by LoadModel too
 * @param debug       told of networks, evaluations and steps
 * @param makeRuntime tests put one in place that can be held
 */
export function createDomain(
  config: SamplerConfig,
  initial: readonly InitialModel[],
  debug: DebugLog,
  makeRuntime = (options: RuntimeOptions) => new Runtime(options),
): SamplerDomain {
  let metrics: SamplerMetrics | undefined;
  const queueLimit = config["queue-limit"];
  const runtime = makeRuntime({
    ...(config.threads && { threads: config.threads }),
    ...(config["memory-budget"] && { memoryBudgetBytes: config["memory-budget"] }),
    queueLimit,
    onEvent: (event) => metrics?.record(event),
  });
  const files = new WeightsFiles({
    roots: [...initial.map(({ uri }) => uri), ...(config.models ? [config.models] : []), ...config.roots],
    allowHttps: config["allow-https"],
    home: config.home,
  });
  const networks = new NetworkReader(files, config["memory-budget"]);
  const choices = {
    provider: config.device,
    requireProvider: config["require-device"],
    computeType: config["compute-type"],
    maxBatchSize: config["max-batch"],
  };
  const loader = new NetworkLoader(networks, runtime, choices, debug);
  const models = new ModelStore(loader);
  const sessions = new OpenSessions();
  const admission = new Admission(queueLimit);
  const costs = new CostCounter(models, networks);
  const watch = (registry: Registry) => {
    metrics = new SamplerMetrics(registry, {
      models: () => runtime.list(),
      openSessions: () => sessions.count,
      samplesInProgress: () => admission.samples,
    });
    return metrics;
  };
  return { runtime, models, costs, sessions, sampler: new Sampler(admission, debug), watch };
}
