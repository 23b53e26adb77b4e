/** @file Images of a folder or a ZIP archive. */
import type { Dataset } from "@tandem/datasets";
import { datasetDigest, openDataset, shuffledSubset } from "@tandem/datasets";
import { DomainError } from "@tandem/errors";
import type { Pixels } from "@tandem/networks";
import type { ImageBatch, ImageSource } from "./image-source.js";

/** Images on disk; a record is the subset of its seed. */
export class FileImages implements ImageSource {
  readonly weightsDigests = {};

  private constructor(
    private readonly dataset: Dataset,
    readonly digest: string,
    private readonly numImages: number,
  ) {}

  count(): number {
    return this.numImages;
  }

  /**
   * Looks at every file.
   * @throws DomainError DATASET_INVALID naming the file, TOO_FEW_IMAGES, RESOURCE_NOT_FOUND
   */
  static async open(path: string, numImages: number, signal: AbortSignal): Promise<FileImages> {
    const dataset = await openImages(path, numImages, signal);
    return new FileImages(dataset, await datasetDigest(path, signal), numImages || dataset.count);
  }

  async *batches(seed: number, positions: readonly number[], batchSize: number, signal: AbortSignal) {
    const indices = shuffledSubset(this.dataset.count, this.numImages, seed);
    for (let at = 0; at < positions.length; at += batchSize) {
      signal.throwIfAborted();
      const part = positions.slice(at, at + batchSize);
      yield await this.#batch(
        part,
        part.map((position) => indices[position]!),
      );
    }
  }

  async #batch(positions: readonly number[], indices: readonly number[]): Promise<ImageBatch> {
    const [, height, width] = this.dataset.shape as [number, number, number];
    const planes = (await this.dataset.read(indices)) as Uint8Array;
    const size = 3 * height * width;
    return {
      positions,
      images: indices.map((_, i) => interleaved(planes.subarray(i * size, (i + 1) * size), width, height)),
      names: indices.map((index) => this.dataset.names[index]!),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dataset.close();
  }
}

/** Opens images and counts them. @param numImages 0 is all @throws DomainError as FileImages.open */
export async function openImages(path: string, numImages: number, signal?: AbortSignal): Promise<Dataset> {
  const dataset = await openDataset(path, signal ? { signal } : {});
  try {
    if (dataset.kind === "latents")
      throw new DomainError("DATASET_INVALID", `${path} holds latents; decode them first: metrics see pixels`, {
        resource: path,
      });
    if (dataset.count < numImages)
      throw new DomainError(
        "TOO_FEW_IMAGES",
        `${path} holds ${dataset.count} images, and ${numImages} are asked for; --num ${dataset.count} measures what is there, but ` +
          "values of different numbers of images do not compare",
        { resource: path, metadata: { found: dataset.count, needed: numImages } },
      );
    return dataset;
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

/** [3, H, W] as [H, W, 3]. */
function interleaved(planes: Uint8Array, width: number, height: number): Pixels {
  const area = width * height;
  const data = new Uint8Array(3 * area);
  for (let i = 0, at = 0; i < area; i++, at += 3) {
    data[at] = planes[i]!;
    data[at + 1] = planes[area + i]!;
    data[at + 2] = planes[2 * area + i]!;
  }
  return { width, height, data };
}
