/** @file An autoencoder that computes: pixels to latents and back, images of any size and number. */
import type { OnnxModel } from "@tandem/graph";
import type { EvaluationTiming, Execution, LoadOptions, Runtime } from "@tandem/runtime";
import type { Autoencoder } from "./autoencoder.js";
import { buildDecoder, buildEncoder } from "./build.js";
import { checkPlanes, checkStatistics } from "./check.js";
import { type AutoencoderConfig, downscaleOf } from "./config.js";
import { type Extents, latentExtents } from "./graphs.js";
import { type CodingOptions, Half } from "./half.js";
import { toPixels, toUnit } from "./pixels.js";
import { toPosterior } from "./posterior.js";
import { SizedSessions } from "./sessions.js";
import { type LatentStatistics, restoreLatents } from "./statistics.js";

/** Images or latents: [N,C,H,W]. */
export interface Planes<T> {
  readonly data: T;
  readonly shape: readonly [count: number, channels: number, height: number, width: number];
}

/** A result, and where its time went. */
export type Coded<T> = Planes<T> & { readonly timing: EvaluationTiming };

/** How an autoencoder is opened. */
export interface OpenOptions extends Pick<LoadOptions, "provider" | "requireProvider" | "maxBatchSize"> {
  /** Images with a longer side than this are computed in tiles of it, pixels. Default 512. */
  readonly tile?: number;
}

/** Share of a tile's side that its neighbour has too. */
const overlapShare = 1 / 4;

/** Memory for the activations of one batch, bytes. */
const batchBytes = 1.5 * 2 ** 30;

/** An autoencoder in a runtime. */
export interface OpenAutoencoder {
  readonly config: AutoencoderConfig;
  readonly digest: string;
  /** What runs it. */
  readonly execution: Execution;
  /**
   * The posterior of images: what latent datasets store.
   * @param pixels uint8 [N,C,H,W]
   * @returns [N,2L,h,w]: means, then standard deviations; h and w are H and W over the downscale, rounded down
   * @throws DomainError SHAPE_MISMATCH, TENSOR_SIZE_MISMATCH, OUT_OF_MEMORY, QUEUE_FULL; the signal's reason
   */
  encode(pixels: Planes<Uint8Array>, options?: CodingOptions): Promise<Coded<Float32Array>>;
  /**
   * The images of latents.
   * @param latents [N,L,h,w]; raw without `statistics`, else normalized with them
   * @returns uint8 [N,C,H,W]
   * @throws DomainError as `encode`; NOT_FINITE
   */
  decode(
    latents: Planes<Float32Array>,
    options?: CodingOptions & { readonly statistics?: LatentStatistics | undefined },
  ): Promise<Coded<Uint8Array>>;
  /** Frees its memory, after the work that it has. */
  close(): Promise<void>;
}

/**
 * Opens an autoencoder: its decoder for images of its sample size at once, others as they are asked for.
 * @param name how its sessions are called in the runtime
 * @param read called now, and again for every other size and after an eviction: the tensors are not kept
 * @throws DomainError what `read` and the runtime say
 */
export async function openAutoencoder(
  runtime: Pick<Runtime, "load" | "unload">,
  name: string,
  read: () => Promise<Autoencoder>,
  { tile = 512, ...load }: OpenOptions = {},
): Promise<OpenAutoencoder> {
  let first: Autoencoder | undefined = await read();
  const { config, digest } = first;
  const current = async () => {
    const autoencoder = first ?? (await read());
    first = undefined;
    return autoencoder;
  };
  const { imgChannels, latentChannels } = config;
  const factor = downscaleOf(config);
  const side = Math.max(1, Math.floor(tile / factor));
  const tiling = { side, overlap: Math.max(1, Math.round(side * overlapShare)) };
  const sessions = (half: string, scale: number, build: (size: Extents, folder: string) => Promise<OnnxModel>) =>
    new SizedSessions(runtime, `${name}/${half}`, build, ([height, width]) => {
      const fitting = samplesPerBatch(config, height * width * scale ** 2);
      return { ...load, maxBatchSize: Math.min(load.maxBatchSize ?? 32, fitting) };
    });
  const encoders = sessions("encoder", 1, async (size, externalFolder) =>
    buildEncoder(await current(), size, { externalFolder }),
  );
  const decoders = sessions("decoder", factor, async (size, externalFolder) =>
    buildDecoder(await current(), size, { externalFolder }),
  );
  const encoder = new Half(encoders, {
    inputScale: factor,
    outputScale: 1,
    outputChannels: 2 * latentChannels,
    tiling,
  });
  const decoder = new Half(decoders, { inputScale: 1, outputScale: factor, outputChannels: imgChannels, tiling });
  const usual = Math.min(Math.max(1, Math.floor(config.sampleSize / factor)), side);
  const execution = await decoders.use([usual, usual], async (evaluator) => evaluator.execution);
  return {
    config,
    digest,
    execution,
    async encode(pixels, options = {}) {
      checkPlanes("pixels", pixels, imgChannels, factor);
      const [count, , height, width] = pixels.shape;
      const [rows, columns] = latentExtents(config, [height, width]);
      const { data, timing } = await encoder.run(toUnit(pixels.data), pixels.shape, [rows, columns], options);
      toPosterior(data, latentChannels * rows * columns);
      return { data, shape: [count, 2 * latentChannels, rows, columns], timing };
    },
    async decode(latents, { statistics, ...options } = {}) {
      checkPlanes("latents", latents, latentChannels, 1);
      if (statistics) checkStatistics(statistics, latentChannels);
      const [count, , rows, columns] = latents.shape;
      const raw = statistics ? restoreLatents(latents.data, statistics, rows * columns) : latents.data;
      const { data, timing } = await decoder.run(raw, latents.shape, [rows, columns], options);
      return { data: toPixels(data), shape: [count, imgChannels, rows * factor, columns * factor], timing };
    },
    async close() {
      await Promise.all([encoders.close(), decoders.close()]);
    },
  };
}

/** Samples whose activations fit: four tensors of the second level's channels at full size, the most there is at once. */
function samplesPerBatch({ blockOutChannels }: AutoencoderConfig, pixels: number): number {
  const channels = Math.max(...blockOutChannels.slice(0, 2));
  return Math.max(1, Math.floor(batchBytes / (4 * 4 * channels * pixels)));
}
