/** @file What is there already: an interrupted command run again makes only what is missing. */
import { type GenerationPlan, readGenerator } from "@tandem/contracts";
import type { Gateway } from "../gateway.js";
import type { GenerateOptions } from "./options.js";
import { drawnLabel, fingerprint, type Label, labelOf } from "./settings.js";
import { type StoredImage, storedImage } from "./stored-image.js";

/** Existing files, sorted by what is to be done with them. */
export interface Existing {
  /** Whole images with exactly the wanted settings, by seed. */
  readonly kept: ReadonlyMap<number, StoredImage>;
  /** Seeds whose image was made with other settings, or is damaged: made again. */
  readonly replaced: readonly number[];
}

/** What an image must be to be kept. */
interface Wanted {
  readonly fingerprint: string;
  label(seed: number): Label;
}

/**
 * Compares the files at the images' paths with what the plan would make.
 * @param paths  of every seed that has a file
 */
export async function compareExisting(
  paths: ReadonlyMap<number, string>,
  plan: GenerationPlan,
  options: GenerateOptions,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<Existing> {
  const wanted = await wantedOf(plan, options, gateway, signal);
  const kept = new Map<number, StoredImage>();
  const replaced: number[] = [];
  for (const [seed, path] of paths) {
    signal.throwIfAborted();
    const image = await storedImage(path, options.format);
    if (image && isWanted(image, seed, wanted)) kept.set(seed, image);
    else replaced.push(seed);
  }
  return { kept, replaced };
}

function isWanted({ info }: StoredImage, seed: number, wanted: Wanted): boolean {
  return (
    info.seed === BigInt(seed) &&
    JSON.stringify(labelOf(info.labels)) === JSON.stringify(wanted.label(seed)) &&
    fingerprint(info, info.weightsDigests) === wanted.fingerprint
  );
}

async function wantedOf(
  { spec }: GenerationPlan,
  options: GenerateOptions,
  { models }: Gateway,
  signal: AbortSignal,
): Promise<Wanted> {
  const sampling = spec?.sampling;
  const names = [
    sampling?.model ?? "",
    ...(sampling?.guidance ?? []).filter(({ weight }) => weight !== 1).map(({ model }) => model),
  ];
  if (spec?.autoencoder) names.push(spec.autoencoder);
  const found = await Promise.all(names.map(async (name) => (await models.getModel({ name }, { signal })).model));
  const digests = Object.fromEntries(names.map((name, i) => [name, found[i]?.weightsDigest ?? ""]));
  const { sampleShape = [], labelDim = 0 } = found[0] ?? {};
  const generator = readGenerator(spec?.generator ?? 0);
  return {
    fingerprint: fingerprint({ sampling, generator: spec?.generator ?? 0, wireType: spec?.wireType ?? 0 }, digests),
    label: (seed) =>
      labelDim > 0 && options.class !== undefined ? options.class : drawnLabel(seed, generator, sampleShape, labelDim),
  };
}
