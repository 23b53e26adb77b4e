/** @file A dataset for reading: images or latents with their labels, in a folder or a ZIP archive (numerics, section 7). */
import { DomainError } from "@tandem/errors";
import { parseNpy, toFloat32 } from "@tandem/formats";
import type { DatasetFacts } from "./facts.js";
import { type DatasetFiles, openFiles } from "./files/dataset-files.js";
import { invalidDataset } from "./invalid-dataset.js";
import { MAX_PIXELS } from "./pictures/max-pixels.js";
import { decodeImage, HEAD_BYTES, type ImageFacts, imageFacts, pngFacts, TAIL_BYTES } from "./samples/image.js";
import { folderLabels, type Label, type Labels, readLabels } from "./samples/labels.js";

/** An open dataset. */
export interface Dataset extends DatasetFacts {
  /** Files of the samples, in order. */
  readonly names: readonly string[];
  /** [count, labelDim]; empty without labels. */
  readonly labels: Float32Array;
  /** The same as they were given: classes or vectors, one for every sample; undefined without labels. */
  readonly labelList: readonly Label[] | undefined;
  /**
   * Samples as they are stored: uint8 [n, C, H, W] of images, float32 [n, 2 C, H, W] of latents.
   * @throws DomainError DATASET_INVALID naming a file that is damaged
   */
  read(indices: readonly number[]): Promise<Uint8Array | Float32Array>;
  close(): Promise<void>;
}

/** How a dataset is opened. */
export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Called as files are looked at. */
  readonly onProgress?: (done: number, total: number) => void;
}

export const LABELS = "dataset.json";
export const LATENT = /\.npy$/i;
/** Files that are samples. */
export const SAMPLE = /\.(png|jpe?g|webp|npy)$/i;
/** Files looked at together. */
const TOGETHER = 64;
/** Bytes of an .npy file that hold its header in all cases that we write. */
const NPY_HEAD_BYTES = 128;

/**
 * Opens a dataset and looks at every file's size, so that what is wrong is found before anything starts.
 * @param path a folder or a ZIP archive
 * @throws DomainError RESOURCE_NOT_FOUND; DATASET_INVALID naming the file: none there, cut off, sizes that differ, labels that do
 *   not fit; the signal's reason
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<Dataset> {
  const files = await openFiles(path);
  try {
    const names = files.names.filter((name) => SAMPLE.test(name));
    if (names.length === 0) throw invalidDataset(path, "holds no images (.png, .jpg, .webp) and no latents (.npy)");
    const isLatent = LATENT.test(names[0]!);
    const mixed = names.find((name) => LATENT.test(name) !== isLatent);
    if (mixed !== undefined) throw invalidDataset(`${path}: ${mixed}`, "a dataset holds images or latents, not both");
    const labels = files.names.includes(LABELS)
      ? readLabels(`${path}: ${LABELS}`, (await files.read(LABELS)).toString("utf8"), names)
      : folderLabels(names);
    const shape = await commonShape(files, names, isLatent, options);
    return new FileDataset(files, names, labels, shape, isLatent ? "latents" : "images");
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** The shape that all samples have. */
async function commonShape(
  files: DatasetFiles,
  names: readonly string[],
  isLatent: boolean,
  options: OpenOptions,
): Promise<number[]> {
  const shapeOf = isLatent ? latentShape : imageShape;
  let common: number[] | undefined;
  for (let start = 0; start < names.length; start += TOGETHER) {
    options.signal?.throwIfAborted();
    const part = names.slice(start, start + TOGETHER);
    const shapes = await Promise.all(part.map((name) => shapeOf(files, name)));
    common ??= shapes[0]!;
    const other = shapes.findIndex((shape) => String(shape) !== String(common));
    if (other >= 0)
      throw invalidDataset(
        `${files.path}: ${part[other]}`,
        `is [${shapes[other]}], but ${names[0]} is [${common}]; all must be alike`,
      );
    options.onProgress?.(start + part.length, names.length);
  }
  return common!;
}

export async function imageShape(files: DatasetFiles, name: string): Promise<number[]> {
  const file = `${files.path}: ${name}`;
  const size = files.size(name);
  if (size < HEAD_BYTES + TAIL_BYTES) throw invalidDataset(file, `has ${size} bytes, too few for an image`);
  const facts: ImageFacts = /\.png$/i.test(name)
    ? pngFacts(file, await files.read(name, 0, HEAD_BYTES), await files.read(name, size - TAIL_BYTES, TAIL_BYTES))
    : await imageFacts(file, await files.read(name));
  const { width, height } = facts;
  if (width < 1 || height < 1 || width * height > MAX_PIXELS)
    throw invalidDataset(file, `says it is ${width}x${height}; at most ${MAX_PIXELS} pixels are read`);
  return [3, height, width];
}

export async function latentShape(files: DatasetFiles, name: string): Promise<number[]> {
  const file = `${files.path}: ${name}`;
  const head = await files.read(name, 0, Math.min(files.size(name), NPY_HEAD_BYTES));
  const [, extents] = /'shape': \(([\d, ]+)\)/.exec(head.toString("latin1")) ?? [];
  const shape =
    extents
      ?.split(",")
      .filter((text) => text.trim() !== "")
      .map(Number) ?? [];
  if (shape.length !== 3 || shape[0]! % 2 !== 0)
    throw invalidDataset(file, `is [${shape}]; latents are [2 C, height, width]: means, then standard deviations`);
  const bytes = shape.reduce((a, b) => a * b, 4);
  if (files.size(name) < bytes)
    throw invalidDataset(file, `is cut off: it has ${files.size(name)} bytes of more than ${bytes}`);
  return shape;
}

class FileDataset implements Dataset {
  readonly count: number;
  readonly labelDim: number;
  readonly labels: Float32Array;
  readonly labelList: readonly Label[] | undefined;

  constructor(
    private readonly files: DatasetFiles,
    readonly names: readonly string[],
    labels: Labels,
    readonly shape: readonly number[],
    readonly kind: "images" | "latents",
  ) {
    this.count = names.length;
    this.labelDim = labels.dim;
    this.labels = labels.rows;
    this.labelList = labels.list;
  }

  async read(indices: readonly number[]): Promise<Uint8Array | Float32Array> {
    const size = this.shape.reduce((a, b) => a * b, 1);
    const [, height, width] = this.shape as [number, number, number];
    const samples =
      this.kind === "images" ? new Uint8Array(indices.length * size) : new Float32Array(indices.length * size);
    await Promise.all(
      indices.map(async (index, i) => {
        const name = this.names[index]!;
        const bytes = await this.files.read(name);
        const file = `${this.files.path}: ${name}`;
        const target = samples.subarray(i * size, (i + 1) * size);
        if (target instanceof Uint8Array) return decodeImage(file, bytes, { width, height }, target);
        target.set(latentOf(file, bytes, this.shape));
      }),
    );
    return samples;
  }

  close(): Promise<void> {
    return this.files.close();
  }
}

export function latentOf(file: string, bytes: Buffer, shape: readonly number[]): Float32Array {
  try {
    const tensor = parseNpy(bytes, file);
    if (String(tensor.shape) !== String(shape)) throw invalidDataset(file, `is [${tensor.shape}], not [${shape}]`);
    return toFloat32(tensor);
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason === "DATASET_INVALID") throw error;
    throw invalidDataset(file, error.message, error);
  }
}
