/** @file Any source of pictures, told by what it holds, never by its name alone. */

import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileError } from "@tandem/formats";
import { openPictures } from "../converting/picture-files.js";
import type { PictureSource } from "../converting/picture-source.js";
import { sortNames } from "../files/name-order.js";
import { invalidDataset } from "../invalid-dataset.js";
import { labelsOf } from "../samples/labels.js";
import { openTar } from "./cifar/archive.js";
import { isBatchName, isCifar, openBatch, openCifar } from "./cifar/cifar-source.js";
import { readHead, unpackHead } from "./head.js";
import { idxImages, isIdx, openIdx } from "./idx-source.js";
import { readLabelsFile } from "./labels-file.js";
import { openNpy } from "./npy-source.js";
import { isGzip } from "./unpack.js";

/** How a source is opened. */
export interface SourceOptions {
  /** Where labels come from; `auto` by default: dataset.json or what the source has of its own, else the names of folders. */
  readonly labels?: "auto" | "json" | "folders" | "none";
  /** A file of labels instead: see `readLabelsFile`. */
  readonly labelsFile?: string | undefined;
}

/**
 * Opens pictures of any kind that is read: a folder or ZIP archive of picture files; CIFAR-10 and CIFAR-100 as archives, unpacked, or
 * a batch of them; MNIST and its kin as idx files; a NumPy array of images.
 * @throws DomainError RESOURCE_NOT_FOUND, URI_NOT_ALLOWED, UNSAFE_FILE, DATASET_INVALID naming the file
 */
export async function openSource(
  path: string,
  { labels = "auto", labelsFile }: SourceOptions = {},
): Promise<PictureSource> {
  const source = await openUnlabelled(path, labelsFile === undefined ? labels : "none");
  if (labelsFile === undefined) return source;
  try {
    const names = sortNames([...source.names]);
    const byName = await readLabelsFile(labelsFile, names);
    return withLabels(source, labelsOf(labelsFile, byName, source.names));
  } catch (error) {
    await source.close();
    throw error;
  }
}

type Labels = NonNullable<SourceOptions["labels"]>;

async function openUnlabelled(path: string, labels: Labels): Promise<PictureSource> {
  const arrays = (await isFolder(path)) ? await folderOfArrays(path) : await fileOfArrays(path);
  if (!arrays) return openPictures(path, { labels });
  if (labels === "json") throw invalidDataset(path, "has no dataset.json to take labels from");
  const { size, mtimeMs } = await stat(path);
  const version = `${size} ${mtimeMs}`;
  return { ...withLabels(arrays, undefined), ...(labels === "auto" && labelsIn(arrays)), version };
}

const labelsIn = ({ labels, classNames }: PictureSource) => ({ labels, classNames });

async function folderOfArrays(path: string): Promise<PictureSource | undefined> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  if (isCifar(names)) return openCifar({ path, names, read: (name) => readIn(join(path, name)) });
  const [images] = idxImages(names);
  if (images !== undefined) return openIdx(join(path, images));
  const inner = entries.find((entry) => entry.isDirectory() && entry.name.startsWith("cifar-"));
  return inner && folderOfArrays(join(path, inner.name));
}

async function fileOfArrays(path: string): Promise<PictureSource | undefined> {
  const head = await readHead(path);
  const start = unpackHead(path, head);
  if (start.toString("latin1", 257, 262) === "ustar") return openCifar(await openTar(path, isGzip(head)));
  if (isIdx(start)) return openIdx(path);
  if (head.toString("latin1", 1, 6) === "NUMPY") return openNpy(path);
  if (isBatchName(basename(path), head)) return openBatch(path, basename(path), await readIn(path));
  return undefined;
}

/** The same pictures with other labels. */
function withLabels(source: PictureSource, labels: PictureSource["labels"]): PictureSource {
  const { path, names, version } = source;
  return { path, names, version, labels, read: (index) => source.read(index), close: () => source.close() };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, error);
  }
}

async function readIn(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}
