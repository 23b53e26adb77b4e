/** @file From samples to 8-bit pixels, and the small pictures shown while sampling. */
import { DomainError } from "@tandem/errors";
import type { Tensor } from "./tensor.js";

/** 8-bit RGB pictures of one size. */
export interface Pixels {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count, height, width, 3], or [count, 3, height, width] when asked for. */
  readonly data: Uint8Array<ArrayBuffer>;
}

const { fround } = Math;

/**
 * Pixels of RGB samples: clip(x 127.5 + 128, 0, 255), truncated. The arithmetic is float32, as the reference's.
 * @param samples [N, 3, H, W], about -1 to 1
 * @param layout  order of the result: "hwc" for pictures (default), "chw" as the samples are
 * @throws DomainError SHAPE_MISMATCH
 */
export function toPixels(samples: Tensor, layout: "hwc" | "chw" = "hwc"): Pixels {
  const [count, channels, height, width] = imageShape(samples);
  if (channels !== 3) throw wrongShape(samples, "[N,3,H,W]");
  const area = height * width;
  const data = new Uint8Array(samples.data.length);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < 3; c++) {
      const from = (n * 3 + c) * area;
      const to = layout === "chw" ? from : n * 3 * area + c;
      const stride = layout === "chw" ? 1 : 3;
      for (let i = 0; i < area; i++) data[to + i * stride] = pixel(samples.data[from + i]!);
    }
  }
  return { count, height, width, data };
}

/** Pixels that are there already, in planes [N, 3, H, W], as pictures [N, H, W, 3]. @throws DomainError SHAPE_MISMATCH */
export function fromPlanes(planes: { readonly shape: readonly number[]; readonly data: Uint8Array }): Pixels {
  const [count, channels, height, width] = imageShape(planes);
  if (channels !== 3) throw wrongShape(planes, "[N,3,H,W]");
  const area = height * width;
  const data = new Uint8Array(planes.data.length);
  for (let start = 0; start < data.length; start += 3 * area)
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < area; i++) data[start + 3 * i + c] = planes.data[start + c * area + i]!;
  return { count, height, width, data };
}

function pixel(value: number): number {
  return Math.min(255, Math.max(0, fround(fround(value * 127.5) + 128)));
}

/** Extents of [N, C, H, W]. */
export function imageShape(tensor: Pick<Tensor, "shape">): readonly [number, number, number, number] {
  if (tensor.shape.length !== 4) throw wrongShape(tensor, "[N,C,H,W]");
  return tensor.shape as unknown as readonly [number, number, number, number];
}

function wrongShape({ shape }: Pick<Tensor, "shape">, expected: string): DomainError {
  const message = `samples of shape [${shape}] are not pictures; they must be ${expected}`;
  return new DomainError("SHAPE_MISMATCH", message, { field: "samples", metadata: { expected, actual: `[${shape}]` } });
}
