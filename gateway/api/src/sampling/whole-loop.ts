/** @file A batch whose whole loop runs on one server: one Sample call. */
import {
  readLabels,
  readTensor,
  SampleRequest,
  type SampleResponse,
  wireTypes,
  writeLabels,
  writeTensor,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import type { DeadlinePolicy } from "../config.js";
import { stepDeadlineMs } from "../denoise/step-deadline.js";
import type { ModelServer } from "../registry/model-server.js";
import type { Batch, BatchOptions, SampledBatch } from "./batch.js";
import type { Composition } from "./composition.js";
import { generatorValue, resolvedSpec } from "./resolved-spec.js";

const FLOAT32 = wireTypes[0]!;

/**
 * @throws DomainError SERVER_UNAVAILABLE when the server is lost or falls silent; what Sample throws
 */
export async function runWholeLoop(
  composition: Composition,
  server: ModelServer,
  batch: Batch,
  options: BatchOptions,
): Promise<SampledBatch> {
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal.reason);
  options.signal.throwIfAborted();
  options.signal.addEventListener("abort", abort, { once: true });
  const unsubscribe = server.onLost((error) => stop.abort(error));
  const silence = new Silence(
    server,
    stepLimitMs(composition, server, batch.seeds.length, options.calls.deadlines),
    stop,
  );
  server.assigned++;
  try {
    const request = toRequest(composition, server, batch, options);
    for await (const { event } of server.sampler.sample(request, {
      signal: stop.signal,
      ...(options.calls.metadata && { metadata: options.calls.metadata }),
    })) {
      silence.broken();
      if (event?.$case === "progress") await report(event.value, options);
      if (event?.$case === "result") return toSampled(event.value, composition, batch);
    }
    throw new DomainError("SERVER_UNAVAILABLE", `server ${server.name} ended a Sample call without its result`, {
      metadata: { server: `servers/${server.name}` },
    });
  } finally {
    server.assigned--;
    silence.end();
    unsubscribe();
    options.signal.removeEventListener("abort", abort);
  }
}

function toRequest(composition: Composition, server: ModelServer, batch: Batch, options: BatchOptions): SampleRequest {
  const nameOf = composition.namesBy(
    (pool) => pool.holders().find((holder) => holder.server === server)?.model.name ?? pool.model.name,
  );
  const { plan } = composition;
  const guidance = plan.guidance.filter(({ weight }) => weight !== 1);
  return SampleRequest.fromPartial({
    sampling: resolvedSpec({ ...plan, guidance }, nameOf),
    seeds: [...batch.seeds],
    generator: generatorValue(batch.generator),
    labels: batch.labels && writeLabels(batch.labels),
    start: batch.start && writeTensor(batch.start, FLOAT32),
    outputType: FLOAT32.dataType,
    previewEvery: options.previewEvery,
    trajectory: options.trajectory,
  });
}

async function report(
  {
    step,
    numSteps,
    sigma,
    denoised,
    state,
  }: Extract<NonNullable<SampleResponse["event"]>, { $case: "progress" }>["value"],
  { onStep }: BatchOptions,
): Promise<void> {
  await onStep({
    step,
    steps: numSteps,
    sigma,
    denoised: denoised && readTensor(denoised, "denoised"),
    state: state && readTensor(state, "state"),
  });
}

function toSampled(
  { samples, labels }: Extract<NonNullable<SampleResponse["event"]>, { $case: "result" }>["value"],
  { main }: Composition,
  { seeds }: Batch,
): SampledBatch {
  const { labelDim } = main.model;
  return { samples: readTensor(samples, "samples"), labels: readLabels(labels, { count: seeds.length, labelDim }) };
}

/** A step's time on one server: every evaluation of every model may come after the other. */
function stepLimitMs(composition: Composition, server: ModelServer, count: number, policy: DeadlinePolicy): number {
  const limits = composition.pools.map(({ model }) => stepDeadlineMs(policy, server.latencies, model.name, count));
  return 2 * limits.reduce((sum, limit) => sum + limit, 0);
}

/** Ends the call when nothing was heard for so long. */
class Silence {
  #timer: NodeJS.Timeout;

  constructor(server: ModelServer, limitMs: number, stop: AbortController) {
    const text = `server ${server.name} did not finish a sampling step within ${(limitMs / 1000).toFixed(1)} s`;
    const late = () =>
      stop.abort(new DomainError("SERVER_UNAVAILABLE", text, { metadata: { server: `servers/${server.name}` } }));
    this.#timer = setTimeout(late, limitMs);
  }

  broken(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
