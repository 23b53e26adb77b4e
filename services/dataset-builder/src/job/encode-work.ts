/** @file The encoding job: images into latents, mean and standard deviation of the posterior of each (numerics, section 8). */
import {
  addLatent,
  decodePicture,
  type LatentSums,
  noSums,
  openSource,
  type Picture,
  type PictureSource,
} from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import { encodeNpy, fromFloat32 } from "@tandem/formats";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import type { Coder } from "../coder/coder.js";
import { withCoder } from "../coder/with-coder.js";
import type { CodeInput, DatasetInput } from "./dataset-input.js";
import { inBatches } from "./in-batches.js";
import { makeOnce } from "./make-once.js";
import { published } from "./published.js";

/** @throws DomainError DATASET_INVALID naming the image, MODEL_INCOMPATIBLE, OUTPUT_EXISTS, OUT_OF_MEMORY */
export async function encodeWork(input: DatasetInput<CodeInput>, context: ChildContext): Promise<JobEnd<"dataset">> {
  const { operation, work, threads } = input;
  const { batchSize } = operation;
  const source = await openSource(input.source);
  try {
    const made = await makeOnce(work, operation.output, async () => {
      context.progress({ done: 0, total: 0, unit: "images", stage: "loading the autoencoder" });
      return withCoder(operation.autoencoder, { threads, batchSize }, (coder) =>
        encode(source, coder, operation, context),
      );
    });
    const { isMeasured } = operation;
    return await published(operation, context, { isMeasured, sums: made?.sums, classNames: source.classNames });
  } finally {
    await source.close();
  }
}

/** @returns sums of all latents; none when an earlier attempt made some of them */
async function encode(
  source: PictureSource,
  coder: Coder,
  { output, maxImages, batchSize }: CodeInput,
  context: ChildContext,
): Promise<{ sums?: LatentSums }> {
  const images = await Images.open(source, coder, maxImages);
  const { size, order } = images;
  const { labels, path, version } = source;
  const work = {
    output,
    kind: "latents" as const,
    count: order.length,
    batchSize,
    labels: labels && order.map((index) => labels[index]!),
    identity: [path, version, order.map((index) => source.names[index]), coder.digest],
    stage: "encoding",
  };
  const sums = noSums(coder.latentChannels);
  const shape = [3, size.height, size.width] as const;
  await inBatches(
    work,
    context,
    (first, count) => images.read(first, count),
    async (data, count, first) => {
      const latents = await coder.encode({ data, shape: [count, ...shape] }, context.signal);
      const [, ...latentShape] = latents.shape;
      const length = latents.data.length / count;
      if (!latents.data.every(Number.isFinite))
        throw new DomainError("NOT_FINITE", `${path}: the autoencoder makes values that are no numbers of its images`);
      return Array.from({ length: count }, (_, i) => {
        const values = latents.data.subarray(i * length, (i + 1) * length);
        if (sums.count === first + i) addLatent(sums, values);
        return { bytes: Buffer.concat(encodeNpy(fromFloat32(values, latentShape, "F32"))), shape: latentShape };
      });
    },
  );
  return sums.count === order.length ? { sums } : {};
}

/** The images of a source, in sorted order of their names, all of one size. */
class Images {
  private constructor(
    private readonly source: PictureSource,
    readonly order: readonly number[],
    readonly size: Pick<Picture, "width" | "height">,
  ) {}

  static async open(
    source: PictureSource,
    { imgChannels, downscale }: Coder,
    maxImages = source.names.length,
  ): Promise<Images> {
    if (imgChannels !== 3)
      throw new DomainError(
        "MODEL_INCOMPATIBLE",
        `the autoencoder takes images of ${imgChannels} channels; those of datasets have 3`,
      );
    const { names } = source;
    const order = [...names.keys()].sort((a, b) => (names[a]! < names[b]! ? -1 : 1)).slice(0, maxImages);
    const { width, height } = await pictureOf(source, order[0]!);
    if (width % downscale !== 0 || height % downscale !== 0)
      throw unfit(
        source,
        order[0]!,
        `is ${width}x${height}, no multiple of ${downscale}, as the autoencoder needs: convert it`,
      );
    return new Images(source, order, { width, height });
  }

  /** @returns uint8 [count, 3, height, width] */
  async read(first: number, count: number): Promise<Uint8Array> {
    const { width, height } = this.size;
    const area = width * height;
    const data = new Uint8Array(count * 3 * area);
    const indices = this.order.slice(first, first + count);
    await Promise.all(
      indices.map(async (index, i) => {
        const picture = await pictureOf(this.source, index);
        if (picture.width !== width || picture.height !== height)
          throw unfit(
            this.source,
            index,
            `is ${picture.width}x${picture.height}, but the first is ${width}x${height}: convert it`,
          );
        for (let c = 0; c < 3; c++)
          for (let p = 0, to = (3 * i + c) * area; p < area; p++) data[to + p] = picture.data[3 * p + c]!;
      }),
    );
    return data;
  }
}

async function pictureOf(source: PictureSource, index: number): Promise<Picture> {
  const picture = await source.read(index);
  return picture instanceof Uint8Array ? decodePicture(picture, fileOf(source, index)) : picture;
}

const fileOf = ({ path, names }: PictureSource, index: number) => `${path}: ${names[index]}`;

function unfit(source: PictureSource, index: number, why: string): DomainError {
  const file = fileOf(source, index);
  return new DomainError("DATASET_INVALID", `${file}: ${why}`, { resource: file });
}
