/** @file Images that a gateway makes for the measurement and nobody stores. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  GatewayServiceDefinition,
  type GenerationPlan,
  GenerationSpec,
  ImageFormat,
  ModelServiceDefinition,
  type SeedRange,
} from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type Channel, type Client, connectGateway, createClient, type GatewayAddress } from "@tandem/rpc";
import type { ImageBatch, ImageSource } from "./image-source.js";

/** Most images of one Generate call, as the contract has it. */
const IMAGES_PER_CALL = 10_000;
/** A gateway that is started again is back within this time; one that stays away longer is reported, milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1000;

type Gateway = Client<typeof GatewayServiceDefinition>;

/** Images by seed: position p of the record of seed s is the image of seed s + p. */
export class GeneratedImages implements ImageSource {
  private constructor(
    private readonly channel: Channel,
    private readonly gateway: Gateway,
    private readonly spec: GenerationSpec,
    readonly digest: string,
    readonly weightsDigests: Readonly<Record<string, string>>,
  ) {}

  /** @throws DomainError SERVER_UNAVAILABLE, RESOURCE_NOT_FOUND (a model) */
  static async open(to: GatewayAddress, spec: GenerationSpec, signal: AbortSignal): Promise<GeneratedImages> {
    const channel = connectGateway(to);
    try {
      const gateway = createClient(GatewayServiceDefinition, channel);
      const plan = await planOf(gateway, { ...spec, seeds: [{ first: 0n, last: 0n }] }, to.address);
      const resolved = plan.spec!; // models as this gateway names them
      const weightsDigests = await digestsOf(channel, resolved, signal);
      return new GeneratedImages(channel, gateway, spec, generationDigest(resolved, weightsDigests), weightsDigests);
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  count(numImages: number): number {
    return numImages;
  }

  async *batches(seed: number, positions: readonly number[], batchSize: number, signal: AbortSignal) {
    const missing = new Set(positions);
    let lostAt: number | undefined;
    while (missing.size > 0) {
      try {
        const asked = [...missing].slice(0, IMAGES_PER_CALL).map((position) => seed + position);
        for await (const batch of this.#made(seed, asked, batchSize, signal)) {
          lostAt = undefined;
          for (const position of batch.positions) missing.delete(position);
          yield batch;
        }
      } catch (error) {
        // What has come is kept; a gateway that starts again is asked for the rest.
        if (!(error instanceof DomainError) || error.reason !== "SERVER_UNAVAILABLE") throw error;
        lostAt ??= Date.now();
        if (Date.now() - lostAt > PATIENCE_MS) throw error;
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
  }

  /** The images of some seeds, as they come. */
  async *#made(start: number, seeds: readonly number[], batchSize: number, signal: AbortSignal) {
    const spec = { ...this.spec, seeds: toRanges(seeds), batchSize: this.spec.batchSize || batchSize };
    let batch = emptyBatch();
    let isComplete = false;
    for await (const { event } of this.gateway.generate({ spec }, { signal })) {
      isComplete = event?.$case === "done";
      if (event?.$case !== "image") continue;
      const { info, data } = event.value;
      batch.positions.push(Number(info!.seed) - start);
      batch.names.push(`the image of seed ${info!.seed}`);
      batch.images.push({ width: info!.width, height: info!.height, data });
      if (batch.images.length < batchSize) continue;
      yield batch as ImageBatch;
      batch = emptyBatch();
    }
    if (batch.images.length > 0) yield batch as ImageBatch;
    if (!isComplete) throw new DomainError("SERVER_UNAVAILABLE", "the gateway ended before all images were made");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.close();
  }
}

/**
 * A request with its preset expanded, as the gateway would carry it out; nothing is made. Models that were loaded from a file are
 * named by it, so that the request means the same to a gateway that is started later.
 * @param first seed of the first image
 * @throws DomainError what Generate throws
 */
export async function resolveGeneration(
  to: GatewayAddress,
  spec: GenerationSpec,
  first: bigint,
): Promise<GenerationSpec> {
  const channel = connectGateway(to);
  try {
    const request = { ...rawPixels(spec), seeds: [{ first, last: first }] };
    const plan = await planOf(createClient(GatewayServiceDefinition, channel), request, to.address);
    const models = createClient(ModelServiceDefinition, channel);
    const lasting = async (name: string, asked: string | undefined) =>
      asked || (await models.getModel({ name })).model?.source?.uri || name;
    const { sampling, autoencoder, ...rest } = rawPixels(plan.spec!);
    const guidance = await Promise.all(
      sampling!.guidance.map(async (term, i) => ({
        ...term,
        model: await lasting(term.model, spec.sampling?.guidance[i]?.model),
      })),
    );
    const model = await lasting(sampling!.model, spec.sampling?.model);
    return {
      ...rest,
      sampling: { ...sampling!, model, guidance },
      autoencoder: autoencoder && (await lasting(autoencoder, spec.autoencoder)),
    };
  } finally {
    channel.close();
  }
}

async function planOf(gateway: Gateway, spec: GenerationSpec, address: string): Promise<GenerationPlan> {
  for await (const { event } of gateway.generate({ spec })) if (event?.$case === "plan") return event.value; // leaving the stream cancels the call
  throw new DomainError("SERVER_UNAVAILABLE", `the gateway at ${address} told no plan`);
}

const emptyBatch = () => ({
  positions: [] as number[],
  names: [] as string[],
  images: [] as { width: number; height: number; data: Uint8Array }[],
});

/** Digests of all models that take part. */
async function digestsOf(channel: Channel, spec: GenerationSpec, signal: AbortSignal) {
  const models = createClient(ModelServiceDefinition, channel);
  const { sampling, autoencoder } = spec;
  const guides = sampling?.guidance.map(({ model }) => model) ?? [];
  const names = [sampling?.model ?? "", ...guides, autoencoder].filter(Boolean);
  const digests: Record<string, string> = {};
  for (const name of new Set(names)) {
    const { model } = await models.getModel({ name }, { signal });
    digests[name] = model!.weightsDigest;
  }
  return digests;
}

/** Over everything that decides the images: not the seeds, not how many at once, not which server holds which model. */
function generationDigest(spec: GenerationSpec, digests: Readonly<Record<string, string>>): string {
  const { sampling, generator, labels, wireType, autoencoder } = spec;
  const deciding = GenerationSpec.toJSON(
    GenerationSpec.fromPartial({ sampling, generator, wireType, autoencoder, ...(labels && { labels }) }),
  );
  const text = JSON.stringify(deciding, (_, value) => (typeof value === "string" ? (digests[value] ?? value) : value));
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** Ascending seeds as ranges. */
export function toRanges(seeds: readonly number[]): SeedRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const seed of seeds) {
    const open = ranges.at(-1);
    if (open && seed === open.last + 1) open.last = seed;
    else ranges.push({ first: seed, last: seed });
  }
  return ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) }));
}

/** A generation as it is kept: pixels as bytes, no seeds. */
const rawPixels = (spec: GenerationSpec): GenerationSpec => ({
  ...spec,
  seeds: [],
  format: ImageFormat.IMAGE_FORMAT_RGB8,
});
