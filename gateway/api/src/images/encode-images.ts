/** @file Finished samples and intermediate ones as files. */
import type { GeneratedImage, Preview } from "@tandem/contracts";
import { previewRgb, shrink, sizeOf, type Tensor, toPixels } from "@tandem/diffusion";
import type { Format } from "../generate/check-generation.js";
import type { SampledBatch } from "../sampling/batch.js";
import { type ImageInfos, labelOf } from "./image-info.js";
import { encodeNpy } from "./npy.js";
import { encodePng } from "./png.js";

/** One sample of a batch, a view: [1, ...sampleShape]. */
function sampleAt({ shape: [, ...sample], data }: Tensor, n: number): Tensor {
  const size = sizeOf(sample);
  return { shape: [1, ...sample], data: data.subarray(n * size, (n + 1) * size) };
}

/** The file of the nth sample of a batch. */
export async function encodeImage(
  { samples, labels }: SampledBatch,
  n: number,
  seed: bigint,
  format: Format,
  infos: ImageInfos,
): Promise<GeneratedImage> {
  const sample = sampleAt(samples, n);
  const [, , height = 0, width = 0] = sample.shape;
  const facts = { seed, labels: labelOf(labels, n), width, height };
  const info = infos.used(facts);
  if (format === "npy")
    return { info, data: encodeNpy(sample.shape.slice(1), sample.data), mediaType: "application/x-npy" };
  const { data } = toPixels(sample);
  if (format === "rgb8") return { info, data, mediaType: "application/octet-stream" };
  return { info, data: await encodePng(data, width, height, infos.text(facts)), mediaType: "image/png" };
}

/** Small pictures of the denoised estimates of a batch, one per sample; latents approximately. */
export async function encodePreviews(
  denoised: Tensor,
  seeds: readonly bigint[],
  step: number,
  maxSize: number,
): Promise<Preview[]> {
  const { data, width, height } = toPixels(shrink(previewRgb(denoised), maxSize));
  const size = width * height * 3;
  return Promise.all(
    seeds.map(async (index, n) => ({
      index,
      step,
      data: await encodePng(data.subarray(n * size, (n + 1) * size), width, height),
      mediaType: "image/png",
    })),
  );
}
