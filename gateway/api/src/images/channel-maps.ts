/** @file What decoded images teach about the next previews: they cost nothing more than the images themselves. */
import type { LatentEncoding } from "@tandem/contracts";
import { type ChannelMap, ChannelMapFit, type Pixels, type Tensor } from "@tandem/diffusion";

/** Latents of one autoencoder with one set of statistics learn from so many images; more change nothing that is seen. */
const IMAGES = 64;
/** Kinds of latents that are remembered. */
const KINDS = 100;

interface Lesson {
  readonly fit: ChannelMapFit;
  images: number;
  map: ChannelMap | undefined;
}

/** Maps from latents to colors, by what made the latents; they last as long as the gateway. */
export class ChannelMaps {
  readonly #lessons = new Map<string, Lesson>();

  /** The map for latents of a kind; undefined until some were decoded. */
  find(digest: string, encoding: LatentEncoding): ChannelMap | undefined {
    return this.#lessons.get(keyOf(digest, encoding))?.map;
  }

  /** @param digest of the autoencoder that made the pictures of the samples */
  learn(digest: string, encoding: LatentEncoding, samples: Tensor, pictures: Pixels): void {
    const key = keyOf(digest, encoding);
    const [count = 0, channels = 0] = samples.shape;
    const lesson = this.#lessons.get(key) ?? { fit: new ChannelMapFit(channels), images: 0, map: undefined };
    if (lesson.images >= IMAGES) return;
    lesson.fit.add(samples, pictures);
    lesson.images += count;
    lesson.map = lesson.fit.map;
    this.#lessons.set(key, lesson);
    const [oldest] = this.#lessons.keys();
    if (this.#lessons.size > KINDS && oldest !== undefined) this.#lessons.delete(oldest);
  }
}

const keyOf = (digest: string, { statistics }: LatentEncoding): string =>
  `${digest} ${statistics?.rawMean} ${statistics?.rawStd} ${statistics?.finalMean} ${statistics?.finalStd}`;
