/** @file A generation that is ready to run: checked, its models found, its place decided. */
import {
  DataType,
  type GenerationPlan,
  type GenerationSpec,
  ImageFormat,
  Placement,
  readLabels,
  SamplerServiceDefinition,
  type SeedRange,
  toDuration,
} from "@tandem/contracts";
import type { Tensor } from "@tandem/diffusion";
import type { PixelMaker } from "../images/pixel-maker.js";
import { qualified } from "../names.js";
import type { Pool } from "../registry/pool.js";
import type { Composition } from "../sampling/composition.js";
import { generatorValue, resolvedSpec } from "../sampling/resolved-spec.js";
import type { Place } from "../sampling/run-batch.js";
import { divide, type Span } from "./batches.js";
import type { CheckedGeneration, Format } from "./check-generation.js";
import { estimateMs } from "./estimate.js";

const FORMAT_VALUES = {
  png: ImageFormat.IMAGE_FORMAT_PNG,
  npy: ImageFormat.IMAGE_FORMAT_NPY,
  rgb8: ImageFormat.IMAGE_FORMAT_RGB8,
} as const satisfies Record<Format, ImageFormat>;

/** What will be done. Nothing in it changes any more, but who holds the models may. */
export class Generation {
  /** Batches, in the order of the output. */
  readonly spans: readonly Span[];
  /** Label rows: one for all, or one per image; absent means drawn. */
  readonly labels: Tensor | undefined;

  /** @throws DomainError LABEL_OUT_OF_RANGE, SHAPE_MISMATCH, FIELD_INVALID */
  constructor(
    readonly checked: CheckedGeneration,
    readonly composition: Composition,
    readonly place: Place,
    /** How samples become pixels; undefined where they stay samples. */
    readonly pixels: PixelMaker | undefined,
  ) {
    const { main } = composition;
    const batchSize = Math.min(checked.batchSize, composition.maxBatchSize);
    this.spans = divide(checked.seeds.count, batchSize, place === "per step");
    this.labels = givenLabels(checked, main.model.labelDim);
  }

  get placement(): Placement {
    return this.place === "per step" ? Placement.PLACEMENT_PER_STEP : Placement.PLACEMENT_WHOLE_LOOP;
  }

  /** Label rows of a batch. */
  labelsOf({ start, end }: Span): Tensor | undefined {
    const { labels } = this;
    if (!labels || labels.shape[0] === 1) return labels && repeat(labels, end - start);
    const [, width = 0] = labels.shape;
    return { shape: [end - start, width], data: labels.data.slice(start * width, end * width) };
  }

  /** What the caller is told before it starts. */
  describe(seeds: readonly SeedRange[]): GenerationPlan {
    const { composition, checked, place } = this;
    const estimate = estimateMs(composition, this.spans, place);
    const home = place === "per step" ? undefined : composition.homes(SamplerServiceDefinition)[0];
    const firstOf = (pool: Pool) =>
      pool
        .holders()
        .slice(0, 1)
        .map(({ server }) => server);
    const sampling = home ? [home] : composition.pools.flatMap(firstOf);
    const servers = [...sampling, ...(this.pixels?.pool ? firstOf(this.pixels.pool) : [])];
    return {
      spec: this.#spec(seeds),
      placement: this.placement,
      servers: [...new Set(servers.map(({ name }) => `servers/${name}`))],
      numImages: BigInt(checked.seeds.count),
      evaluationsPerImage: composition.evaluations,
      estimate: estimate === undefined ? undefined : toDuration(estimate),
    };
  }

  /** Every model that takes part: networks, then the autoencoder. */
  get pools(): readonly Pool[] {
    return [...this.composition.pools, ...(this.pixels?.pool ? [this.pixels.pool] : [])];
  }

  /** Models as they are called by the servers that will do the work. */
  nameInUse(pool: Pool): string {
    const [holder] = pool.holders();
    return holder ? qualified(holder.server.name, holder.model.name) : pool.reference;
  }

  #spec(seeds: readonly SeedRange[]): GenerationSpec {
    const { checked, composition } = this;
    return {
      preset: checked.preset,
      sampling: resolvedSpec(
        composition.plan,
        composition.namesBy((pool) => this.nameInUse(pool)),
      ),
      seeds: [...seeds],
      generator: generatorValue(checked.generator),
      labels: checked.labels,
      batchSize: Math.min(checked.batchSize, composition.maxBatchSize),
      decodeBatchSize: checked.decodeBatchSize,
      autoencoder: this.pixels?.pool ? this.nameInUse(this.pixels.pool) : "",
      format: FORMAT_VALUES[checked.format],
      previews: checked.previews,
      placement: this.placement,
      wireType: this.place === "per step" ? checked.wireType.dataType : DataType.DATA_TYPE_FLOAT32,
      outputUri: "",
      subdirectories: false,
    };
  }
}

/** Checked once for all images; one row stays one. */
function givenLabels({ labels, seeds }: CheckedGeneration, labelDim: number): Tensor | undefined {
  if (!labels?.kind) return undefined;
  const { kind } = labels;
  const given = kind.$case === "indices" ? kind.value.values.length : (kind.value.shape[0] ?? 0);
  const count = given === 1 ? 1 : seeds.count;
  return readLabels(labels, { count, labelDim }, "spec.labels");
}

function repeat({ shape: [, width = 0], data }: Tensor, count: number): Tensor {
  const rows = new Float32Array(count * width);
  for (let n = 0; n < count; n++) rows.set(data, n * width);
  return { shape: [count, width], data: rows };
}
