/** @file resize/: resampling equals Pillow's, bit for bit. */
import { type Filter, Resampler } from "@tandem/datasets";
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
