/** @file Runs generations: batches over servers, images as they are finished. */
import {
  type GenerateResponse,
  type GenerationSpec,
  type Progress,
  SamplerServiceDefinition,
  toDuration,
} from "@tandem/contracts";
import type { Metadata } from "@tandem/rpc";
import type { GatewayConfig } from "../config.js";
import type { CallSettings } from "../denoise/call-settings.js";
import { ChannelMaps } from "../images/channel-maps.js";
import { encodeImage, encodePreviews, partOf } from "../images/encode-images.js";
import { findPixelMaker } from "../images/find-pixel-maker.js";
import { ImageInfos } from "../images/image-info.js";
import type { PresetStore } from "../presets/preset-store.js";
import type { Resolver } from "../registry/resolver.js";
import type { BatchStep, SampledBatch } from "../sampling/batch.js";
import { compose, requireHome } from "../sampling/compose.js";
import type { Composition } from "../sampling/composition.js";
import { type Place, runBatch } from "../sampling/run-batch.js";
import { unlessAborted } from "../unless-aborted.js";
import type { Span } from "./batches.js";
import { type CheckedGeneration, checkGeneration } from "./check-generation.js";
import { IN_FLIGHT } from "./estimate.js";
import { Generation } from "./generation.js";
import { Outbox } from "./outbox.js";
import { Rate } from "./rate.js";
import { Slots } from "./slots.js";

/** Finished events that may wait for a slow reader before the work waits too. */
const OUTBOX = 64;

type Event = NonNullable<GenerateResponse["event"]>;

/** Makes images. */
export class Generator {
  readonly #slots: Slots;
  readonly #maps = new ChannelMaps();

  constructor(
    private readonly config: GatewayConfig,
    private readonly presets: PresetStore,
    private readonly resolver: Resolver,
  ) {
    this.#slots = new Slots(config.limits.maxGenerations);
  }

  /** Checks a spec, finds or loads its models and decides where it runs. @throws DomainError */
  async plan(spec: GenerationSpec): Promise<Generation> {
    const checked = checkGeneration(this.presets.expand("spec", spec), this.config.limits.maxImages);
    const together = checked.placement === "whole loop";
    const composition = await compose(this.resolver, checked.sampling, "spec.", together);
    if (together) requireHome(composition);
    const place = placeOf(checked, composition);
    if (checked.format === "npy") return new Generation(checked, composition, place, undefined);
    const avoided = new Set(composition.pools.flatMap((pool) => pool.homes().slice(0, 1)).map(({ server }) => server));
    const { main } = composition;
    const pixels = await findPixelMaker(this.resolver, main, { ...checked, avoided, maps: this.#maps });
    return new Generation(checked, composition, place, pixels);
  }

  /**
   * The plan, then images, previews and progress as they come, then `done`. Aborting the signal, or leaving the iteration, stops
   * the servers' work before the next evaluation.
   * @throws DomainError; the signal's reason
   */
  async *generate(spec: GenerationSpec, signal: AbortSignal, metadata?: Metadata): AsyncGenerator<Event> {
    using _slot = this.#slots.take();
    const started = performance.now();
    const generation = await unlessAborted(this.plan(spec), signal);
    const plan = generation.describe(spec.seeds);
    yield { $case: "plan", value: plan };
    yield* new Run(
      generation,
      { wireType: generation.checked.wireType, deadlines: this.config.deadlines, metadata },
      signal,
    ).events();
    const runTime = toDuration(performance.now() - started);
    yield { $case: "done", value: { numImages: plan.numImages, plan, runTime } };
  }
}

function placeOf({ placement }: CheckedGeneration, composition: Composition): Place {
  if (placement !== "auto") return placement;
  return composition.homes(SamplerServiceDefinition).length > 0 ? "whole loop if possible" : "per step";
}

/** One generation in progress. */
class Run {
  readonly #outbox = new Outbox<Event>(OUTBOX);
  readonly #stop = new AbortController();
  readonly #rate = new Rate();
  readonly #infos: ImageInfos;
  readonly #waiting: Span[];
  /** Images finished, and sampling done in images, parts of them included. */
  #finished = 0;
  #work = 0;

  constructor(
    private readonly generation: Generation,
    private readonly calls: CallSettings,
    private readonly signal: AbortSignal,
  ) {
    this.#infos = new ImageInfos(generation);
    this.#waiting = [...generation.spans];
  }

  async *events(): AsyncGenerator<Event> {
    const abort = () => this.#fail(this.signal.reason);
    if (this.signal.aborted) abort();
    this.signal.addEventListener("abort", abort, { once: true });
    const workers = Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#worker())).then(
      () => this.#outbox.end(),
      (error: unknown) => this.#fail(error),
    );
    try {
      yield* this.#outbox;
    } finally {
      this.signal.removeEventListener("abort", abort);
      this.#stop.abort(new DOMException("nobody waits for the images", "AbortError"));
      this.#outbox.end();
      await workers;
    }
  }

  /** The first failure stops the other worker and is what the caller sees. */
  #fail(error: unknown): void {
    this.#outbox.end(error);
    this.#stop.abort(error);
  }

  /** Takes batches until none is left. Files of a batch are made while the next batch is sampled. */
  async #worker(): Promise<void> {
    let files: Promise<void> = Promise.resolve();
    for (let span = this.#waiting.shift(); span; span = this.#waiting.shift()) {
      const seeds = this.generation.checked.seeds.slice(span.start, span.end);
      const sampled = await this.#sample(span, seeds);
      await files;
      files = this.#finish(sampled, seeds);
      files.catch((error: unknown) => this.#fail(error)); // known at once, not when the next batch is done
    }
    await files;
  }

  #sample(span: Span, seeds: readonly bigint[]): Promise<SampledBatch> {
    const { composition, checked, place } = this.generation;
    let reported = 0;
    return runBatch(
      composition,
      place,
      { seeds, generator: checked.generator, labels: this.generation.labelsOf(span) },
      {
        signal: this.#stop.signal,
        calls: this.calls,
        previewEvery: checked.previews?.everySteps ?? 0,
        trajectory: false,
        onStep: async (step) => {
          const share = (seeds.length * step.step) / step.steps;
          this.#work += Math.max(0, share - reported); // a batch that starts again elsewhere makes no progress twice
          reported = Math.max(reported, share);
          this.#rate.mark(this.#work);
          this.#outbox.offer({ $case: "progress", value: this.#progress("sampling") });
          await this.#preview(step, seeds);
        },
      },
    );
  }

  async #preview({ denoised, step }: BatchStep, seeds: readonly bigint[]): Promise<void> {
    const { previews } = this.generation.checked;
    if (!denoised || !previews) return;
    for (const value of await encodePreviews(
      denoised,
      seeds,
      step,
      previews.maxSize,
      this.generation.pixels?.previewMap,
    ))
      await this.#outbox.put({ $case: "preview", value });
  }

  async #finish(sampled: SampledBatch, seeds: readonly bigint[]): Promise<void> {
    const size = this.generation.pixels?.batchSize ?? seeds.length;
    for (let start = 0; start < seeds.length; start += size)
      await this.#encode(
        partOf(sampled, start, Math.min(start + size, seeds.length)),
        seeds.slice(start, start + size),
      );
    await this.#outbox.put({ $case: "progress", value: this.#progress("sampling") });
  }

  /** Files of a few samples: as many as are decoded together. */
  async #encode(part: SampledBatch, seeds: readonly bigint[]): Promise<void> {
    const { pixels } = this.generation;
    const pictures = await pixels?.make(part.samples, this.#stop.signal, this.calls.metadata);
    for (const [n, seed] of seeds.entries()) {
      const value = await encodeImage(part, n, seed, this.#infos, pictures, this.generation.checked.format);
      this.#stop.signal.throwIfAborted();
      this.#finished++;
      await this.#outbox.put({ $case: "image", value });
    }
    if (pixels?.pool) this.#outbox.offer({ $case: "progress", value: this.#progress("decoding") });
  }

  #progress(stage: string): Progress {
    const total = this.generation.checked.seeds.count;
    const eta = this.#rate.remainingMs(total);
    return {
      done: BigInt(this.#finished),
      total: BigInt(total),
      unit: "images",
      rate: this.#rate.perSecond,
      eta: eta === undefined ? undefined : toDuration(eta),
      stage,
    };
  }
}
