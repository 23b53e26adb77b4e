/** @file The decoding job: latents into images, those of the posteriors' means (numerics, section 8). */
import { type Dataset, encodePng, openDataset } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import type { Coder } from "../coder/coder.js";
import { withCoder } from "../coder/with-coder.js";
import type { CodeInput, DatasetInput } from "./dataset-input.js";
import { inBatches } from "./in-batches.js";
import { makeOnce } from "./make-once.js";
import { published } from "./published.js";

/** @throws DomainError DATASET_INVALID naming the latent, MODEL_INCOMPATIBLE, OUTPUT_EXISTS, OUT_OF_MEMORY */
export async function decodeWork(input: DatasetInput<CodeInput>, context: ChildContext): Promise<JobEnd<"dataset">> {
  const { operation, work, source, threads } = input;
  const { batchSize } = operation;
  const onProgress = (done: number, total: number) =>
    context.progress({ done, total, unit: "images", stage: "looking at the latents" });
  const dataset = await openDataset(source, { signal: context.signal, onProgress });
  try {
    if (dataset.kind !== "latents")
      throw new DomainError("DATASET_INVALID", `${source}: holds images; latents are decoded`, { resource: source });
    await makeOnce(work, operation.output, async () => {
      context.progress({ done: 0, total: 0, unit: "images", stage: "loading the autoencoder" });
      await withCoder(operation.autoencoder, { threads, batchSize }, (coder) =>
        decode(source, dataset, coder, operation, context),
      );
      return true;
    });
    return await published(operation, context, {});
  } finally {
    await dataset.close();
  }
}

async function decode(
  path: string,
  dataset: Dataset,
  coder: Coder,
  { output, maxImages, batchSize }: CodeInput,
  context: ChildContext,
): Promise<void> {
  const [stored, rows, columns] = dataset.shape as [number, number, number];
  const { latentChannels, imgChannels } = coder;
  if (stored !== 2 * latentChannels || imgChannels !== 3)
    throw new DomainError(
      "MODEL_INCOMPATIBLE",
      `${path}: its latents have ${stored} channels, means and deviations; the autoencoder needs ${2 * latentChannels}, and images of 3`,
      { resource: path },
    );
  const work = {
    output,
    kind: "images" as const,
    count: Math.min(maxImages ?? dataset.count, dataset.count),
    batchSize,
    labels: dataset.labelList,
    identity: [path, dataset.names, coder.digest],
    stage: "decoding",
  };
  const length = rows * columns * latentChannels;
  await inBatches(
    work,
    context,
    async (first, count) => {
      const latents = (await dataset.read(Array.from({ length: count }, (_, i) => first + i))) as Float32Array;
      const means = new Float32Array(count * length);
      for (let i = 0; i < count; i++) means.set(latents.subarray(2 * i * length, (2 * i + 1) * length), i * length);
      return means;
    },
    async (data, count) => {
      const images = await coder.decode({ data, shape: [count, latentChannels, rows, columns] }, context.signal);
      const [, , height, width] = images.shape;
      const size = 3 * height * width;
      return Array.from({ length: count }, (_, i) => ({
        bytes: encodePng({ width, height, data: interleaved(images.data.subarray(i * size, (i + 1) * size)) }),
        shape: [3, height, width],
      }));
    },
  );
}

/** [H, W, 3] of [3, H, W]. */
function interleaved(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3;
  const data = new Uint8Array(planes.length);
  for (let c = 0; c < 3; c++) for (let p = 0; p < area; p++) data[3 * p + c] = planes[c * area + p]!;
  return data;
}
