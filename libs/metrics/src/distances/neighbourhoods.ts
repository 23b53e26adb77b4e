/** @file Metrics that ask whether images lie in the neighbourhoods of others: precision and recall, density and coverage. */
import { DomainError } from "@tandem/errors";
import { checkFeatures, type Features } from "../features/features.js";
import { inBackground } from "../thread/background.js";
import { squaredRadii } from "./radii.js";
import { TILE } from "./tiles.js";

/** How neighbourhoods are made. */
export interface NeighbourhoodOptions {
  /** The radius of an image reaches to its k-th nearest neighbour. */
  readonly k?: number;
  /** Whether an image at the very radius is inside: "le" says yes, "lt" no. */
  readonly border?: "le" | "lt";
  /** Ends the work between two tiles of the matrix of distances. */
  readonly signal?: AbortSignal;
}

export interface PrecisionRecall {
  /** Share of generated images within the neighbourhood of a real one. */
  readonly precision: number;
  /** Share of real images within the neighbourhood of a generated one. */
  readonly recall: number;
  readonly precisionCount: number;
  readonly recallCount: number;
}

export interface DensityCoverage {
  /** Neighbourhoods of real images that a generated one lies in, on average, over k. */
  readonly density: number;
  /** Share of real images whose neighbourhood holds a generated one. */
  readonly coverage: number;
  readonly densityCount: number;
  readonly coverageCount: number;
}

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, arXiv 1904.06991). Defaults: k = 3, "le", as there.
 * @throws DomainError SHAPE_MISMATCH, TOO_FEW_IMAGES (k + 1 of each are needed), NOT_FINITE; the signal's reason
 */
export async function precisionRecall(
  real: Features,
  generated: Features,
  { k = 3, border = "le", signal }: NeighbourhoodOptions = {},
): Promise<PrecisionRecall> {
  const [realCount, generatedCount] = check(real, generated, k, true);
  const radii = [await squaredRadii(real, k, signal), await squaredRadii(generated, k, signal)] as const;
  const { inside, holding } = await compare(real, generated, radii, border, signal);
  return {
    precision: inside / generatedCount,
    recall: holding / realCount,
    precisionCount: inside,
    recallCount: holding,
  };
}

/**
 * Density and coverage (Naeem et al. 2020, arXiv 2002.09797, eq. 3 and 4). Defaults: k = 5, "lt", as there.
 * @throws DomainError SHAPE_MISMATCH, TOO_FEW_IMAGES (k + 1 real ones are needed), NOT_FINITE; the signal's reason
 */
export async function densityCoverage(
  real: Features,
  generated: Features,
  { k = 5, border = "lt", signal }: NeighbourhoodOptions = {},
): Promise<DensityCoverage> {
  const [realCount, generatedCount] = check(real, generated, k, false);
  const { pairs, covered } = await compare(real, generated, [await squaredRadii(real, k, signal)], border, signal);
  return {
    density: pairs / (k * generatedCount),
    coverage: covered / realCount,
    densityCount: pairs,
    coverageCount: covered,
  };
}

function check(real: Features, generated: Features, k: number, isMutual: boolean): [number, number] {
  if (!Number.isInteger(k) || k < 1) throw new DomainError("FIELD_INVALID", `k is ${k}; it must be a positive integer`);
  const realCount = checkFeatures(real, "real images", { atLeast: k + 1, dim: real.dim });
  const generatedCount = checkFeatures(generated, "generated images", { atLeast: isMutual ? k + 1 : 1, dim: real.dim });
  return [realCount, generatedCount];
}

/** Counts over all pairs of a real and a generated image. */
interface Counts {
  /** Generated images within a real one's radius. */
  readonly inside: number;
  /** Pairs of a generated image within a real one's radius. */
  readonly pairs: number;
  /** Real images within a generated one's radius; 0 without such radii. */
  readonly holding: number;
  /** Real images that have a generated one within their own radius. */
  readonly covered: number;
}

async function compare(
  real: Features,
  generated: Features,
  [realRadii, generatedRadii]: readonly [real: Float64Array, generated?: Float64Array],
  border: "le" | "lt",
  signal: AbortSignal | undefined,
): Promise<Counts> {
  const { dim } = real;
  const held = new Float64Array(realRadii.length);
  const holdersOfReal = new Float64Array(realRadii.length);
  const holders = new Float64Array(generated.rows.length / dim);
  for (let i = 0; i < held.length; i += TILE)
    for (let j = 0; j < holders.length; j += TILE) {
      signal?.throwIfAborted();
      const x = real.rows.slice(i * dim, (i + TILE) * dim);
      const y = generated.rows.slice(j * dim, (j + TILE) * dim);
      const radiiX = realRadii.slice(i, i + TILE);
      const radiiY = generatedRadii?.slice(j, j + TILE);
      const tile = await inBackground("insideTile", { dim, x, y, radiiX, radiiY, border }, [x.buffer, y.buffer]);
      addTo(held, i, tile.heldByX);
      addTo(holdersOfReal, i, tile.holdersOfX);
      addTo(holders, j, tile.holdersOfY);
    }
  return {
    inside: positive(holders),
    pairs: held.reduce((sum, count) => sum + count, 0),
    holding: positive(holdersOfReal),
    covered: positive(held),
  };
}

function addTo(counts: Float64Array, first: number, more: Uint32Array): void {
  for (let i = 0; i < more.length; i++) counts[first + i]! += more[i]!;
}

const positive = (counts: Float64Array): number => counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
