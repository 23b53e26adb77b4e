/** @file What a conversion is asked to do. */
import { invalid } from "@tandem/errors";
import type { DatasetProblem } from "../check/problems.js";
import type { Label } from "../samples/labels.js";
import type { TransformName } from "../transforms/index.js";
import { transforms } from "../transforms/index.js";
import type { Size } from "../transforms/transform.js";

/** How pictures become a dataset. */
export interface ConvertOptions {
  /** `none` by default: only resize, when a size is given. Crops need a size. */
  readonly transform?: TransformName | undefined;
  /** Pixels, 1 to 8192; both or none. Without, pictures stay as large as they are. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Most images to write, in sorted order of names; all by default. */
  readonly maxImages?: number | undefined;
  /** Also sizes that are not square or not a power of two; all must be equal anyway. */
  readonly allowAnySize?: boolean | undefined;
  /** Leaves out pictures that cannot be used, and reports them, instead of failing at the first. */
  readonly skipBad?: boolean | undefined;
  /** Threads that decode and resize, 1 to 64; by default, one a core. */
  readonly workers?: number | undefined;
  /** Labels by name of picture, for all, instead of the source's; `null`: none. */
  readonly labels?: ReadonlyMap<string, Label> | null | undefined;
}

/** What is told while a conversion runs. */
export interface ConvertHooks {
  /** Aborting stops; what is written waits for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** `done` of at most `total` images are written, `skipped` left out. */
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
  /** A picture was left out. */
  readonly onProblem?: ((problem: DatasetProblem) => void) | undefined;
}

export interface ConvertProgress {
  readonly done: number;
  readonly total: number;
  readonly skipped: number;
}

/** What a conversion has made. */
export interface ConvertReport {
  /** Images written. */
  readonly count: number;
  /** Size of each, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Source pictures left out: the first 1000, and how many there are. */
  readonly skipped: readonly DatasetProblem[];
  readonly skippedCount: number;
  /** Of the images, those that an earlier, interrupted conversion had made. */
  readonly resumed: number;
}

const MAX_SIDE = 8192;
const MAX_WORKERS = 64;

/** What all pictures go through. */
export interface ConvertPlan {
  readonly transform: TransformName;
  readonly size: Size | undefined;
  readonly allowAnySize: boolean;
}

/** @throws DomainError FIELD_INVALID naming the option */
export function planOf(options: ConvertOptions): ConvertPlan {
  const { transform = "none", width, height, maxImages, workers, allowAnySize = false } = options;
  if (!Object.hasOwn(transforms, transform))
    throw invalid("transform", transform, `one of ${Object.keys(transforms).join(", ")}`);
  if (maxImages !== undefined && (!Number.isSafeInteger(maxImages) || maxImages < 1))
    throw invalid("max_images", maxImages, "a whole number, 1 or more");
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS))
    throw invalid("workers", workers, `a whole number from 1 to ${MAX_WORKERS}`);
  if (width === undefined && height === undefined) {
    if (transform !== "none") throw invalid("width", width, `given, with height: ${transform} crops to a size`);
    return { transform, size: undefined, allowAnySize };
  }
  for (const [field, side] of [
    ["width", width],
    ["height", height],
  ] as const)
    if (side === undefined || !Number.isInteger(side) || side < 1 || side > MAX_SIDE)
      throw invalid(field, side, `a whole number from 1 to ${MAX_SIDE}; set both sizes or none`);
  const size = { width: width!, height: height! };
  if (transform === "center-crop-dhariwal" && size.width !== size.height)
    throw invalid("height", height, `${width}, the width: center-crop-dhariwal makes squares`);
  if (transform === "center-crop-wide" && size.height > size.width)
    throw invalid("height", height, `at most ${width}, the width: center-crop-wide sets it into a square of the width`);
  return { transform, size, allowAnySize };
}
