/** @file How samples of a model become pixels: they are pixels, or an autoencoder on some server makes them. */
import {
  AutoencoderServiceDefinition,
  type LatentEncoding,
  readPixels,
  wireTypes,
  writeTensor,
} from "@tandem/contracts";
import { type ChannelMap, fromPlanes, type Pixels, type Tensor, toPixels } from "@tandem/diffusion";
import { DomainError } from "@tandem/errors";
import type { Metadata } from "@tandem/rpc";
import { onAnyHolder } from "../registry/any-holder.js";
import type { Pool } from "../registry/pool.js";
import type { ChannelMaps } from "./channel-maps.js";

/** Makes pixels. */
export interface PixelMaker {
  /** Samples at once at most. */
  readonly batchSize: number;
  /** The autoencoder, where one takes part. */
  readonly pool: Pool | undefined;
  /** How previews become colors; undefined leaves it to their first three channels. */
  readonly previewMap: ChannelMap | undefined;
  /** @returns rows of pixels, red, green and blue beside each other. @throws DomainError; the signal's reason */
  make(samples: Tensor, signal: AbortSignal, metadata?: Metadata): Promise<Pixels>;
}

/** Samples that are pixels already. */
export const rgbPixels: PixelMaker = {
  batchSize: Number.POSITIVE_INFINITY,
  pool: undefined,
  previewMap: undefined,
  make: async (samples) => toPixels(samples),
};

/** Decodes latents on any server that holds the autoencoder. */
export class LatentPixels implements PixelMaker {
  readonly batchSize: number;

  /** @param encoding of the network that makes the latents: its statistics count, whatever the autoencoder was trained with */
  constructor(
    readonly pool: Pool,
    private readonly encoding: LatentEncoding,
    batchSize: number,
    private readonly maps: ChannelMaps,
  ) {
    this.batchSize = Math.min(batchSize, pool.model.maxBatchSize);
  }

  get previewMap(): ChannelMap | undefined {
    return this.maps.find(this.pool.digest, this.encoding);
  }

  async make(samples: Tensor, signal: AbortSignal, metadata?: Metadata): Promise<Pixels> {
    const { statistics } = this.encoding;
    const latents = writeTensor(samples, wireTypes[0]!, true);
    const answer = await onAnyHolder(this.pool, signal, ({ server, model }, call) =>
      server
        .client(AutoencoderServiceDefinition)
        .decode({ model: model.name, latents, statistics }, { signal: call, ...(metadata && { metadata }) }),
    );
    const { shape, data } = readPixels(answer.pixels, "pixels");
    if (shape[0] !== samples.shape[0] || shape[1] !== 3)
      throw new DomainError("SHAPE_MISMATCH", `${this.pool.reference} decoded [${samples.shape}] to [${shape}]`, {
        resource: this.pool.reference,
        metadata: { expected: `[${samples.shape[0]}, 3, H, W]`, actual: `[${shape}]` },
      });
    const pictures = fromPlanes({ shape, data });
    this.maps.learn(this.pool.digest, this.encoding, samples, pictures);
    return pictures;
  }
}
