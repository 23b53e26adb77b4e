/** @file When two images are the same picture: everything that their pixels depend on, without the names of servers. */
import { DataType, type ImageInfo, type Labels, readGenerator, readSampling } from "@tandem/contracts";
import { drawBatch, type GeneratorName } from "@tandem/diffusion";

/** What an image's pixels depend on, beside seed and label. */
type Settings = Pick<ImageInfo, "sampling" | "generator" | "wireType">;

/**
 * The settings as text: equal texts, equal pictures. Networks count by their weights, wherever they were; guidance of weight 1
 * and churn of amount 0 count as none.
 * @param digests  Model.weights_digest by the model names in the settings; others in it (the autoencoder's) count too
 */
export function fingerprint(settings: Settings, digests: Readonly<Record<string, string>>): string {
  const { model, guidance, schedule, solver, churn } = readSampling(settings.sampling);
  const terms = guidance.filter(({ weight }) => weight !== 1);
  const named = new Set([model, ...guidance.map((term) => term.model)]);
  return JSON.stringify({
    net: digests[model],
    terms: terms.map((term) => ({ ...term, model: digests[term.model] })),
    others: Object.keys(digests)
      .filter((name) => !named.has(name))
      .map((name) => digests[name])
      .sort(),
    schedule,
    solver,
    churn: churn.amount > 0 ? churn : "none",
    generator: readGenerator(settings.generator),
    wireType: settings.wireType || DataType.DATA_TYPE_FLOAT32,
  });
}

/** One image's label: a class (-1 is none), the row of a soft label, or null of an unconditional network. */
export type Label = number | number[] | null;

/** The label of a message that holds one row. */
export function labelOf(labels: Labels | undefined): Label {
  if (!labels?.kind) return null;
  if (labels.kind.$case === "indices") return labels.kind.value.values[0] ?? null;
  const { data } = labels.kind.value;
  return Array.from({ length: data.length / 4 }, (_, i) =>
    new DataView(data.buffer, data.byteOffset).getFloat32(4 * i, true),
  );
}

/**
 * The class that a seed draws; null for an unconditional network.
 * @param sampleShape  of the main network, without the batch
 */
export function drawnLabel(
  seed: number,
  generator: GeneratorName,
  sampleShape: readonly number[],
  labelDim: number,
): Label {
  const { labelIndices } = drawBatch({ generator, seeds: [seed], sampleShape, labelDim });
  return labelIndices?.[0] ?? null;
}
