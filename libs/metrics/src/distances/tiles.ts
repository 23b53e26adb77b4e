/** @file Distances between some images and others, a tile of the matrix of all of them, and what metrics want to know of it. */
import { type Matrix, matrix, type Products } from "../linear/products.js";

/** Most images on a side of a tile. */
export const TILE = 1024;

/** Below this share of |x|^2 + |y|^2 the difference of products has lost digits, and the sum of squared differences is taken. */
const CLOSE = 1e-3;
/** Other distances are at a radius when they differ by less than this share: products in tiles of other sizes may round otherwise. */
const TIE = 1e-12;

/** Rows of two sets of images [n, dim]; the same array twice for a tile on the diagonal. */
export interface Tile {
  readonly dim: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** float32 rows as float64. */
export const toMatrix = (rows: Float32Array, dim: number): Matrix =>
  matrix(new Float64Array(rows), rows.length / dim, dim);

/**
 * Squared distances [images of x, images of y] as |x|^2 + |y|^2 - 2 x.y. In float64 the products of float32 are exact, and only
 * sums round: at most a few 1e-16 of |x|^2 + |y|^2. Equal images are at distance 0.
 */
async function squaredDistances(products: Products, { dim, x, y }: Tile): Promise<Distances> {
  const [a, b] = [toMatrix(x, dim), toMatrix(y, dim)];
  const distances = new Float64Array(a.rows * b.rows);
  await products.multiply(a, b, matrix(distances, a.rows, b.rows), { transposeB: true });
  const [normsA, normsB] = [squaredNorms(a), squaredNorms(b)];
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.rows; j++) {
      const at = i * b.rows + j;
      const both = normsA[i]! + normsB[j]!;
      const distance = both - 2 * distances[at]!;
      distances[at] = distance > CLOSE * both ? distance : squaredDistance(a.data, i * dim, b.data, j * dim, dim);
    }
  return { distances, normsA, normsB };
}

interface Distances {
  readonly distances: Float64Array;
  /** |x|^2 and |y|^2. */
  readonly normsA: Float64Array;
  readonly normsB: Float64Array;
}

function squaredNorms({ data, rows, columns }: Matrix): Float64Array {
  const norms = new Float64Array(rows);
  for (let i = 0; i < rows; i++)
    for (let at = i * columns; at < (i + 1) * columns; at++) norms[i]! += data[at]! * data[at]!;
  return norms;
}

function squaredDistance(a: Float64Array, fromA: number, b: Float64Array, fromB: number, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += (a[fromA + k]! - b[fromB + k]!) ** 2;
  return sum;
}

/**
 * The `k` smallest squared distances, ascending, of each image of x to those of y [images of x, k], and of y to x; infinite where there
 * are fewer. On the diagonal of all distances an image is not its own neighbour.
 */
export async function nearestTile(
  products: Products,
  { k, isDiagonal, ...tile }: Tile & { readonly k: number; readonly isDiagonal: boolean },
): Promise<{ ofX: Float64Array; ofY: Float64Array }> {
  const { distances } = await squaredDistances(products, tile);
  const [rows, columns] = [tile.x.length / tile.dim, tile.y.length / tile.dim];
  const ofX = new Float64Array(rows * k).fill(Number.POSITIVE_INFINITY);
  const ofY = new Float64Array(isDiagonal ? 0 : columns * k).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const distance = distances[i * columns + j]!;
      if (!(isDiagonal && i === j)) keepSmallest(ofX, i * k, k, distance);
      if (!isDiagonal) keepSmallest(ofY, j * k, k, distance);
    }
  return { ofX, ofY };
}

/** Puts a value among the k smallest so far, which lie in ascending order from `at` on. */
export function keepSmallest(smallest: Float64Array, at: number, k: number, value: number): void {
  let place = at + k - 1;
  if (!(value < smallest[place]!)) return;
  for (; place > at && smallest[place - 1]! > value; place--) smallest[place] = smallest[place - 1]!;
  smallest[place] = value;
}

/** Whether images lie within radii. */
export interface Neighbourhoods extends Tile {
  /** Squared radii of the images of x, and of y where those are wanted. */
  readonly radiiX: Float64Array;
  readonly radiiY: Float64Array | undefined;
  /** Whether an image at the very radius is inside. */
  readonly border: "le" | "lt";
}

/** How many of each image's pairs lie within a radius. */
export interface Inside {
  /** Per image of x: images of y within its radius. */
  readonly heldByX: Uint32Array;
  /** Per image of y: images of x within whose radius it lies. */
  readonly holdersOfY: Uint32Array;
  /** Per image of x: images of y within whose radius it lies. */
  readonly holdersOfX: Uint32Array;
}

export async function insideTile(
  products: Products,
  { radiiX, radiiY, border, ...tile }: Neighbourhoods,
): Promise<Inside> {
  const { distances, normsA, normsB } = await squaredDistances(products, tile);
  const [rows, columns] = [normsA.length, normsB.length];
  const heldByX = new Uint32Array(rows);
  const holdersOfX = new Uint32Array(rows);
  const holdersOfY = new Uint32Array(columns);
  const side = border === "le" ? 1 : -1;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const distance = distances[i * columns + j]!;
      const both = normsA[i]! + normsB[j]!;
      const slack = side * (distance > CLOSE * both ? TIE * both : 0);
      if (isWithin(distance, radiiX[i]! + slack, side)) {
        heldByX[i]!++;
        holdersOfY[j]!++;
      }
      if (radiiY && isWithin(distance, radiiY[j]! + slack, side)) holdersOfX[i]!++;
    }
  return { heldByX, holdersOfY, holdersOfX };
}

const isWithin = (distance: number, radius: number, side: number): boolean =>
  distance < radius || (side > 0 && distance === radius);
