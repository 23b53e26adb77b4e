/** @file Finished samples and intermediate ones as files. */
import type { GeneratedImage, Preview } from "@tandem/contracts";
import { type ChannelMap, type Pixels, previewRgb, shrink, sizeOf, type Tensor, toPixels } from "@tandem/diffusion";
import type { Format } from "../generate/check-generation.js";
import type { SampledBatch } from "../sampling/batch.js";
import { type ImageInfos, labelOf } from "./image-info.js";
import { encodeNpy } from "./npy.js";
import { encodePng } from "./png.js";

/** Samples start to end - 1 of a batch, views. */
export function partOf({ samples, labels }: SampledBatch, start: number, end: number): SampledBatch {
  const rows = ({ shape: [, ...each], data }: Tensor): Tensor => {
    const size = sizeOf(each);
    return { shape: [end - start, ...each], data: data.subarray(start * size, end * size) };
  };
  return { samples: rows(samples), labels: labels && rows(labels) };
}

/** The file of the nth sample of a batch. @param pictures the batch's pixels; absent for samples as they are */
export async function encodeImage(
  batch: SampledBatch,
  n: number,
  seed: bigint,
  infos: ImageInfos,
  pictures: Pixels | undefined,
  format: Format,
): Promise<GeneratedImage> {
  const { samples: sample, labels } = partOf(batch, n, n + 1);
  const [, , height = 0, width = 0] = pictures ? [0, 0, pictures.height, pictures.width] : sample.shape;
  const facts = { seed, labels: labelOf(labels, 0), width, height };
  const info = infos.used(facts);
  if (!pictures) return { info, data: encodeNpy(sample.shape.slice(1), sample.data), mediaType: "application/x-npy" };
  const size = width * height * 3;
  const data = pictures.data.subarray(n * size, (n + 1) * size);
  if (format === "rgb8") return { info, data, mediaType: "application/octet-stream" };
  return { info, data: await encodePng(data, width, height, infos.text(facts)), mediaType: "image/png" };
}

/** Small pictures of the denoised estimates of a batch, one per sample; latents approximately. */
export async function encodePreviews(
  denoised: Tensor,
  seeds: readonly bigint[],
  step: number,
  maxSize: number,
  map: ChannelMap | undefined,
): Promise<Preview[]> {
  const { data, width, height } = toPixels(shrink(previewRgb(denoised, map), maxSize));
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
