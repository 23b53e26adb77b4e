/** @file The contract's services over a ModelPeer. */
import {
  AutoencoderServiceDefinition,
  type CountFlopsRequest,
  type DecodeRequest,
  type DenoiseRequest,
  DenoiserServiceDefinition,
  type DenoiseSession,
  type DenoiseStreamRequest,
  type DenoiseStreamResponse,
  type LoadModelRequest,
  ModelServiceDefinition,
  readGenerator,
  readLabels,
  readSampling,
  readSigma,
  readTensor,
  type SampleRequest,
  type SampleResponse,
  SamplerServiceDefinition,
  toDuration,
  type WireType,
  wireTypeOf,
  wireTypes,
  writeLabels,
  writePixels,
  writeTensor,
} from "@tandem/contracts";
import { drawBatch, guided, noiseLevels, sample, type Tensor } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import { type CallContext, GrpcService } from "@tandem/rpc";
import { Outbox } from "../generate/outbox.js";
import { ModelPeer } from "./model-peer.js";

const FLOAT32 = wireTypes[0]!;
const MAX_IN_FLIGHT = 2;

@GrpcService(ModelServiceDefinition)
export class PeerModels {
  constructor(private readonly peer: ModelPeer) {}

  async listModels() {
    return { models: this.peer.list(), nextPageToken: "" };
  }

  async getModel({ name }: { name: string }) {
    this.peer.entry(name);
    return { model: this.peer.list().find((model) => model.name === name) };
  }

  /** Weights are any URI; the model made from one depends on the URI and the digest asked for alone. */
  async loadModel({ name, source }: LoadModelRequest) {
    if (source?.$case !== "weights") throw new DomainError("NOT_SUPPORTED", "only weights");
    const { uri, sha256 } = source.value;
    this.peer.loaded.push(uri);
    await this.peer.onLoad(uri);
    const spread = 0.5 + (Buffer.from(uri).reduce((sum, byte) => sum + byte, 0) % 10) / 10;
    return { model: this.peer.add({ name, spread, source: uri, ...(sha256 && { digest: `sha256:${sha256}` }) }) };
  }

  async unloadModel({ name }: { name: string }) {
    return { model: this.peer.remove(name) };
  }

  async countFlops({ subject }: CountFlopsRequest) {
    return { flops: subject?.$case === "model" ? BigInt(subject.value.length) : 7n, parameterCount: 3n };
  }
}

@GrpcService(DenoiserServiceDefinition)
export class PeerDenoiser {
  constructor(private readonly peer: ModelPeer) {}

  async denoise(request: DenoiseRequest, { signal }: CallContext) {
    const { model, denoiser } = this.peer.entry(request.model);
    const x = readTensor(request.x, "x");
    const count = x.shape[0] ?? 0;
    const labels = readLabels(request.labels, { count, labelDim: model.labelDim ?? 4 });
    const denoised = await denoiser.denoise(x, readSigma(request.sigma, count), labels, signal);
    return { denoised: writeTensor(denoised, x.wireType, x.hasChecksum) };
  }

  async *denoiseStream(
    requests: AsyncIterable<DenoiseStreamRequest>,
    { signal, requestId }: CallContext,
  ): AsyncGenerator<DenoiseStreamResponse> {
    this.peer.openSessions++;
    this.peer.requestIds.add(requestId);
    let settings: DenoiseSession | undefined;
    try {
      for await (const { message } of requests) {
        if (message?.$case === "open") {
          settings = message.value;
          yield opened(this.peer, settings);
        } else if (message?.$case === "step" && settings) {
          yield await this.#step(settings, message.value, signal);
        } else throw new DomainError("PROTOCOL_VIOLATION", "first open, then steps");
      }
    } finally {
      this.peer.openSessions--;
    }
  }

  async #step(
    settings: DenoiseSession,
    step: { x: Uint8Array; sigma: number[] },
    signal: AbortSignal,
  ): Promise<DenoiseStreamResponse> {
    const { model, denoiser } = this.peer.entry(settings.model);
    const wireType: WireType = wireTypeOf(settings.dataType, "data_type", FLOAT32);
    const count = settings.shape[0] ?? 0;
    const labels = readLabels(settings.labels, { count, labelDim: model.labelDim ?? 4 });
    const x: Tensor = { shape: settings.shape, data: wireType.decode(Uint8Array.from(step.x)) };
    const started = performance.now();
    const { data } = await denoiser.denoise(x, readSigma(step.sigma, count), labels, signal);
    const timing = { queue: undefined, compute: toDuration(performance.now() - started) };
    return { message: { $case: "result", value: { denoised: wireType.encode(data), crc32c: undefined, timing } } };
  }
}

function opened(peer: ModelPeer, { model }: DenoiseSession): DenoiseStreamResponse {
  peer.entry(model);
  const weightsDigest = peer.digestOverride ?? peer.list().find(({ name }) => name === model)!.weightsDigest;
  const value = { weightsDigest, execution: undefined, maxInFlight: MAX_IN_FLIGHT };
  return { message: { $case: "opened", value } };
}

/** Each latent becomes 2x2 pixels of its first three channels, raw, between 0 and 1; encoding is not asked for in tests. */
@GrpcService(AutoencoderServiceDefinition)
export class PeerAutoencoder {
  constructor(private readonly peer: ModelPeer) {}

  async encode() {
    return { moments: undefined, timing: undefined };
  }

  async decode({ model, latents, statistics }: DecodeRequest, { requestId }: CallContext) {
    this.peer.entry(model);
    this.peer.requestIds.add(requestId);
    await this.peer.onDecode(this.peer.decoded);
    const { shape, data } = readTensor(latents, "latents");
    const [count = 0, channels = 0, height = 0, width = 0] = shape;
    const pixels = new Uint8Array(count * 3 * 4 * height * width);
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [i % (2 * width), Math.floor(i / (2 * width)) % (2 * height)];
      const plane = Math.floor(i / (4 * height * width));
      const c = plane % 3;
      const at = (Math.floor(plane / 3) * channels + c) * height * width + (y >> 1) * width + (x >> 1);
      const { rawMean = [], rawStd = [], finalStd = 1 } = statistics ?? {};
      const raw = (data[at]! / finalStd) * (rawStd[c] ?? 1) + (rawMean[c] ?? 0);
      pixels[i] = Math.trunc(Math.min(Math.max(raw, 0), 1) * 255);
    }
    this.peer.decoded += count;
    return { pixels: writePixels({ shape: [count, 3, 2 * height, 2 * width], data: pixels }, true), timing: undefined };
  }
}

@GrpcService(SamplerServiceDefinition)
export class PeerSampler {
  constructor(private readonly peer: ModelPeer) {}

  async *sample(request: SampleRequest, { signal, requestId }: CallContext): AsyncGenerator<SampleResponse> {
    this.peer.openSamples++;
    this.peer.requestIds.add(requestId);
    try {
      yield* this.#run(request, signal);
    } finally {
      this.peer.openSamples--;
    }
  }

  async *#run(request: SampleRequest, signal: AbortSignal): AsyncGenerator<SampleResponse> {
    const plan = readSampling(request.sampling, "sampling");
    const { model, denoiser } = this.peer.entry(plan.model);
    const terms = plan.guidance.map((term) => ({ ...term, denoiser: this.peer.entry(term.model).denoiser }));
    const { sampleShape = [3, 4, 4], labelDim = 4 } = model;
    const count = request.seeds.length;
    const drawn = drawBatch({
      generator: readGenerator(request.generator),
      seeds: request.seeds,
      sampleShape,
      labelDim,
      labels: readLabels(request.labels, { count, labelDim }),
      drawsNoise: !request.start,
    });
    const events = new Outbox<NonNullable<SampleResponse["event"]>>(1);
    const sampled = sample({
      ...drawn,
      denoiser: guided(denoiser, terms),
      levels: noiseLevels(plan.schedule),
      solver: plan.solver,
      churn: plan.churn,
      start: request.start && readTensor(request.start, "start"),
      signal,
      onStep: ({ step, steps: numSteps, sigma, denoised, state }) => {
        const isDue = request.previewEvery > 0 && step % request.previewEvery === 0;
        const shown = {
          denoised: isDue ? copied(denoised) : undefined,
          state: request.trajectory ? copied(state) : undefined,
        };
        return events.put({ $case: "progress", value: { step, numSteps, sigma, ...shown } });
      },
    });
    sampled.then(
      () => events.end(),
      (error: unknown) => events.end(error),
    );
    for await (const event of events) yield { event };
    const { samples, networkEvaluations: evaluations } = await sampled;
    const labels = drawn.labels && writeLabels(drawn.labels);
    const value = {
      samples: writeTensor(samples, FLOAT32),
      labels,
      evaluations,
      weightsDigests: {},
      timing: undefined,
    };
    yield { event: { $case: "result", value } };
  }
}

function copied({ shape, data }: Tensor) {
  return writeTensor({ shape, data: data.slice() }, FLOAT32);
}
