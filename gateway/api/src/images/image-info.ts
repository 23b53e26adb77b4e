/** @file How an image was made: for the caller as it was, and for the file as it can be repeated anywhere. */
import { DataType, ImageInfo, type Labels, Placement, writeLabels } from "@tandem/contracts";
import type { Tensor } from "@tandem/diffusion";
import type { Generation } from "../generate/generation.js";
import { PRODUCER } from "../producer.js";
import { generatorValue, resolvedSpec } from "../sampling/resolved-spec.js";
import { portableName, portableNames } from "./portable-names.js";

/** ImageInfo of the images of one generation: all is the same but seed, label and size. */
export class ImageInfos {
  readonly #used: Omit<ImageInfo, "seed" | "labels" | "width" | "height">;
  readonly #portable: Omit<ImageInfo, "seed" | "labels" | "width" | "height">;

  constructor(generation: Generation) {
    const { composition, checked, pools } = generation;
    const { plan } = composition;
    const generator = generatorValue(checked.generator);
    const wireType = generation.place === "per step" ? checked.wireType.dataType : DataType.DATA_TYPE_FLOAT32;
    const inUse = new Map(pools.map((pool) => [pool, generation.nameInUse(pool)]));
    this.#used = {
      sampling: resolvedSpec(
        plan,
        composition.namesBy((pool) => inUse.get(pool) ?? pool.reference),
      ),
      generator,
      weightsDigests: Object.fromEntries(pools.map((pool) => [inUse.get(pool), pool.digest])),
      placement: generation.placement,
      wireType,
      producer: PRODUCER,
    };
    const names = portableNames(
      pools.map(({ reference, digest, model }) => ({ reference, digest, source: model.source?.uri })),
    );
    const called = composition.namesBy(({ reference }) => names.get(reference) ?? reference);
    const nameOf = (model: string) => {
      const name = called(model);
      return name === model ? portableName(model, undefined) : name; // a model that is turned off has no pool
    };
    this.#portable = {
      sampling: resolvedSpec(plan, nameOf),
      generator,
      weightsDigests: Object.fromEntries(
        pools.map(({ reference, digest }) => [names.get(reference) ?? reference, digest]).sort(),
      ),
      // Where it was computed does not change the image; the element type on the wire does, unless it is float32.
      placement: Placement.PLACEMENT_UNSPECIFIED,
      wireType: wireType === DataType.DATA_TYPE_FLOAT32 ? DataType.DATA_TYPE_UNSPECIFIED : wireType,
      producer: PRODUCER,
    };
  }

  /** As it was made: servers, placement. */
  used(image: ImageFacts): ImageInfo {
    return { ...this.#used, ...image };
  }

  /** JSON for the file: the same for the same image, wherever and whenever it is made. */
  text(image: ImageFacts): string {
    const fields = ImageInfo.toJSON({ ...this.#portable, ...image }) as object;
    return JSON.stringify({ seed: String(image.seed), ...fields }); // JSON of the contract leaves a seed of 0 out
  }
}

/** What is one image's own. */
export interface ImageFacts {
  readonly seed: bigint;
  readonly labels: Labels | undefined;
  readonly width: number;
  readonly height: number;
}

/** The label of one sample of a batch. */
export function labelOf(rows: Tensor | undefined, sample: number): Labels | undefined {
  if (!rows) return undefined;
  const [, width = 0] = rows.shape;
  return writeLabels({ shape: [1, width], data: rows.data.slice(sample * width, (sample + 1) * width) });
}
