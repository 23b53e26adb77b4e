/** @file Latents as pictures: decoded where an autoencoder is at hand and that is soon done, else by a map that comes near. */
import { ChannelMapFit, fromPlanes, type Pixels, previewRgb, type Tensor, toPixels } from "@tandem/diffusion";
import { downscaleOf, type Encoding, type OpenAutoencoder, openAutoencoder, readAutoencoder } from "@tandem/networks";
import type { Runtime } from "@tandem/runtime";

/** Pixels that a grid may take to decode; the published autoencoder needs about a minute for as many on two cores. */
const DECODED_PIXELS = 2 ** 20;

type Latent = Extract<Encoding, { kind: "latent" }>;

/**
 * Pictures of latents [N,C,h,w]. Without an autoencoder their first three channels; with one the decoded images, or, where those
 * would be too many pixels, the linear map that fits the first one best, at the latents' size.
 * @param autoencoder path of its weights
 * @throws DomainError what reading the autoencoder says
 */
export async function latentPictures(
  samples: Tensor,
  encoding: Latent,
  autoencoder: string | undefined,
  runtime: Runtime,
): Promise<Pixels> {
  if (autoencoder === undefined) return toPixels(previewRgb(samples));
  const read = () => readAutoencoder(autoencoder);
  const opened = await openAutoencoder(runtime, "autoencoder", read, { provider: "cpu" });
  const [count, channels, height, width] = samples.shape as readonly [number, number, number, number];
  if (count * height * width * downscaleOf(opened.config) ** 2 <= DECODED_PIXELS)
    return decode(opened, samples, encoding);
  const first = { shape: [1, channels, height, width], data: samples.data.subarray(0, channels * height * width) };
  const fit = new ChannelMapFit(channels);
  fit.add(first, await decode(opened, first, encoding));
  return toPixels(previewRgb(samples, fit.map));
}

async function decode(opened: OpenAutoencoder, { shape, data }: Tensor, statistics: Latent): Promise<Pixels> {
  const latents = { data, shape: shape as readonly [number, number, number, number] };
  return fromPlanes(await opened.decode(latents, { statistics }));
}
