/** @file Sample as one big model server: a batch over whatever servers hold its models. */
import {
  readGenerator,
  readLabels,
  readSampling,
  readSeeds,
  readTensor,
  type SampleRequest,
  type SampleResponse,
  SamplerServiceDefinition,
  toDuration,
  wireTypeOf,
  wireTypes,
  writeLabels,
  writeTensor,
} from "@tandem/contracts";
import { DomainError, invalid } from "@tandem/errors";
import type { Metadata } from "@tandem/rpc";
import type { GatewayConfig } from "../config.js";
import { Outbox } from "../generate/outbox.js";
import { Slots } from "../generate/slots.js";
import type { Resolver } from "../registry/resolver.js";
import { unlessAborted } from "../unless-aborted.js";
import type { Batch } from "./batch.js";
import { compose } from "./compose.js";
import type { Composition } from "./composition.js";
import { runBatch } from "./run-batch.js";

const FLOAT32 = wireTypes[0]!;
const OUTBOX = 8;

type Event = NonNullable<SampleResponse["event"]>;

/** Samples batches. */
export class Sampler {
  readonly #slots: Slots;

  constructor(
    private readonly config: GatewayConfig,
    private readonly resolver: Resolver,
  ) {
    this.#slots = new Slots(config.limits.maxGenerations);
  }

  /** Steps as they are done, then the result. @throws DomainError; the signal's reason */
  async *sample(request: SampleRequest, signal: AbortSignal, metadata?: Metadata): AsyncGenerator<Event> {
    using _slot = this.#slots.take();
    const outputType = wireTypeOf(request.outputType, "output_type", FLOAT32);
    const plan = readSampling(request.sampling, "sampling");
    const seeds = readSeeds(request.seeds);
    const generator = readGenerator(request.generator);
    const composition = await unlessAborted(compose(this.resolver, plan, "", false), signal);
    const labelDim = composition.main.model.labelDim;
    checkCount(seeds.length, composition);
    const batch: Batch = {
      seeds,
      generator,
      labels: readLabels(request.labels, { count: seeds.length, labelDim }),
      start: request.start && readStart(request.start, seeds.length, composition),
    };
    const isHome = composition.homes(SamplerServiceDefinition).length > 0;
    const started = performance.now();
    const outbox = new Outbox<Event>(OUTBOX);
    const stop = new AbortController();
    const abort = () => stop.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    const running = runBatch(composition, isHome ? "whole loop if possible" : "per step", batch, {
      signal: stop.signal,
      calls: { wireType: FLOAT32, deadlines: this.config.deadlines, metadata },
      previewEvery: request.previewEvery,
      trajectory: request.trajectory,
      onStep: ({ step, steps: numSteps, sigma, denoised, state }) =>
        outbox.put({
          $case: "progress",
          value: {
            step,
            numSteps,
            sigma,
            denoised: denoised && writeTensor(copied(denoised), outputType),
            state: state && writeTensor(copied(state), outputType),
          },
        }),
    }).then(
      (sampled) => {
        outbox.end();
        return sampled;
      },
      (error: unknown) => {
        outbox.end(error);
        throw error;
      },
    );
    running.catch(() => undefined); // thrown below, out of the outbox
    try {
      yield* outbox;
      const { samples, labels } = await running;
      const digests = composition.namesBy(({ digest }) => digest);
      const models = [plan.model, ...composition.guides.map(({ term }) => term.model)];
      yield {
        $case: "result",
        value: {
          samples: writeTensor(samples, outputType),
          labels: labels && writeLabels(labels),
          evaluations: composition.evaluations,
          weightsDigests: Object.fromEntries(models.map((model) => [model, digests(model)])),
          timing: { queue: undefined, compute: toDuration(performance.now() - started) },
        },
      };
    } finally {
      signal.removeEventListener("abort", abort);
      stop.abort(new DOMException("nobody waits for the samples", "AbortError"));
      outbox.end();
    }
  }
}

function checkCount(count: number, { maxBatchSize }: Composition): void {
  if (count <= maxBatchSize) return;
  throw new DomainError("BATCH_TOO_LARGE", `seeds has ${count} samples; at most ${maxBatchSize} fit one batch`, {
    field: "seeds",
    metadata: { max: maxBatchSize },
  });
}

function readStart(message: NonNullable<SampleRequest["start"]>, count: number, { main }: Composition) {
  const start = readTensor(message, "start");
  const expected = [count, ...main.model.sampleShape];
  if (String(start.shape) !== String(expected))
    throw new DomainError("SHAPE_MISMATCH", `start is [${start.shape}]; it must be [${expected}], one row per seed`, {
      field: "start",
      metadata: { expected: String(expected), actual: String(start.shape) },
    });
  if (message.dataType !== FLOAT32.dataType) throw invalid("start.data_type", message.dataType, "DATA_TYPE_FLOAT32");
  return start;
}

/** Steps are views that the loop writes to again. */
function copied({ shape, data }: { shape: readonly number[]; data: Float32Array }) {
  return { shape, data: data.slice() };
}
