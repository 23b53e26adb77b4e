/**
 * @file Images too large to compute at once, in tiles: they overlap, and results are blended where they do. An approximation, since
 * normalization and attention see the whole image.
 */

/** How large images are cut. */
export interface Tiling {
  /** Side of a tile, in latents. */
  readonly side: number;
  /** Least latents that two neighbours share. */
  readonly overlap: number;
}

/** A tile along one axis. */
export interface AxisTile {
  /** Its first latent, and how many it has. */
  readonly start: number;
  readonly extent: number;
  /** Share of this tile in the result at each of its places; those of all tiles add up to 1. */
  readonly shares: Float64Array;
}

/**
 * Tiles of one extent that cover an axis, evenly spread; one of the axis' own extent when it is no longer than a tile.
 * @param latents extent of the axis
 * @param scale   places of the result that one latent stands for
 */
export function axisTiles(latents: number, { side, overlap }: Tiling, scale: number): readonly AxisTile[] {
  const extent = Math.min(latents, side);
  const count = latents <= side ? 1 : Math.ceil((latents - overlap) / (side - overlap));
  const [length, shared] = [extent * scale, overlap * scale];
  const tiles = Array.from({ length: count }, (_, i) => ({
    start: i === 0 ? 0 : Math.round((i * (latents - extent)) / (count - 1)),
    extent,
    shares: Float64Array.from({ length }, (__, at) => {
      const rising = i === 0 ? 1 : (at + 0.5) / shared;
      const falling = i === count - 1 ? 1 : (length - at - 0.5) / shared;
      return Math.min(1, rising, falling);
    }),
  }));
  const sums = new Float64Array(latents * scale);
  for (const { start, shares } of tiles) for (const [at, share] of shares.entries()) sums[start * scale + at]! += share;
  for (const { start, shares } of tiles) for (const at of shares.keys()) shares[at]! /= sums[start * scale + at]!;
  return tiles;
}

/** A part of an image. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The part of every plane of [..., H, W]. */
export function crop(planes: Float32Array, [height, width]: readonly [number, number], part: Part): Float32Array {
  const count = planes.length / (height * width);
  const result = new Float32Array(count * part.height * part.width);
  for (let plane = 0; plane < count; plane++)
    for (let row = 0; row < part.height; row++) {
      const from = (plane * height + part.top + row) * width + part.left;
      result.set(planes.subarray(from, from + part.width), (plane * part.height + row) * part.width);
    }
  return result;
}

/** Adds a tile's planes [..., h, w] to the result's [..., H, W], each value times its share. @param at its first row and column */
export function blend(
  target: Float32Array,
  [height, width]: readonly [number, number],
  planes: Float32Array,
  [rows, columns]: readonly [Float64Array, Float64Array],
  [top, left]: readonly [number, number],
): void {
  const area = rows.length * columns.length;
  for (let plane = 0; plane < planes.length / area; plane++)
    for (const [row, share] of rows.entries()) {
      const from = plane * area + row * columns.length;
      const to = (plane * height + top + row) * width + left;
      for (let i = 0; i < columns.length; i++) target[to + i]! += planes[from + i]! * share * columns[i]!;
    }
}
