/** @file resize/ and dataset/: resampling equals Pillow's, archives and subsets equal the reference's, bit for bit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  convertDataset,
  type Filter,
  openDataset,
  openPictures,
  Resampler,
  shuffledSubset,
  type TransformName,
} from "@tandem/datasets";
import { exact, type GoldenCase } from "./case.js";
import type { GoldenFolder } from "./folder.js";

const FILTERS: readonly Filter[] = ["box", "bilinear", "hamming", "bicubic", "lanczos"];

interface ResizeCase {
  case: number;
  width: number;
  height: number;
  to_width: number;
  to_height: number;
}

export async function* resize(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  if (!folder.has("resize", "pillow.json")) return;
  const tensors = await folder.raw("resize", "pillow.safetensors");
  const bytesOf = (name: string) => tensors.get(name)!.data as Uint8Array;
  const resampler = new Resampler();
  for (const { case: index, width, height, to_width, to_height } of folder.json<ResizeCase[]>("resize", "pillow.json"))
    for (const filter of FILTERS)
      yield {
        section: "resize",
        name: `${width}x${height} to ${to_width}x${to_height}, ${filter}`,
        run: async () => {
          const picture = { width, height, data: bytesOf(`${index}/in`) };
          const ours = resampler.resize(picture, to_width, to_height, filter);
          return exact(ours.data, bytesOf(`${index}/${filter.toUpperCase()}`));
        },
      };
}

/** Sizes that the archives were made for; that of the letterboxed one is half as high. */
const ARCHIVE = /^(none|center-crop(?:-wide|-dhariwal)?)-(\d+)x(\d+)$/;

/** dataset/: archives that the reference made of a tree of pictures. Equal pixels and equal labels. */
export async function* dataset(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  for (const name of folder.names("dataset", ".zip")) {
    const [, transform, width, height] = ARCHIVE.exec(name)!;
    yield {
      section: "dataset",
      name: `${name}: pixels and labels`,
      run: async () => {
        const place = await mkdtemp(join(tmpdir(), "golden-dataset-"));
        const pictures = await openPictures(folder.path("dataset", "source"));
        try {
          await convertDataset(pictures, join(place, "ours.zip"), {
            transform: transform as TransformName,
            width: Number(width),
            height: transform === "center-crop-wide" ? Number(height) / 2 : Number(height),
            workers: 1,
          });
          const ours = await contentOf(join(place, "ours.zip"));
          return exact(ours, await contentOf(folder.path("dataset", `${name}.zip`)));
        } finally {
          await pictures.close();
          await rm(place, { recursive: true });
        }
      },
    };
  }
}

interface ShuffleCase {
  seed: number;
  n: number;
  num: number;
  indices: number[];
}

/** dataset/shuffle.json: which images of many a seed picks. */
export async function* shuffle(folder: GoldenFolder): AsyncGenerator<GoldenCase> {
  if (!folder.has("dataset", "shuffle.json")) return;
  for (const { seed, n, num, indices } of folder.json<ShuffleCase[]>("dataset", "shuffle.json"))
    yield {
      section: "dataset/shuffle.json",
      name: `${num} of ${n} by seed ${seed}`,
      run: async () => exact(shuffledSubset(n, num, seed), Uint32Array.from(indices)),
    };
}

/** All bytes of a dataset that mean something: names, labels, pixels. */
async function contentOf(path: string): Promise<Uint8Array> {
  const opened = await openDataset(path);
  try {
    const pixels = (await opened.read(opened.names.map((_, i) => i))) as Uint8Array;
    return Buffer.concat([Buffer.from(JSON.stringify([opened.names, [...opened.labels], opened.shape])), pixels]);
  } finally {
    await opened.close();
  }
}
