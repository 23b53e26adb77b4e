/** @file From what a detector said to the value of a metric. */
import type { MetricRecord } from "@tandem/contracts";
import type { FeatureSums } from "@tandem/metrics";
import type { WantedMetric } from "./metric-names.js";
import { entryFor, type Reference } from "./reference.js";

/** Everything that a detector said of a record. */
export interface Said {
  readonly detectorDigest: string;
  readonly dim: number;
  readonly sums: FeatureSums;
  readonly features: Float32Array | undefined;
  readonly logits: { readonly rows: Float32Array; readonly classes: number } | undefined;
}

/** @throws DomainError TOO_FEW_IMAGES for a covariance or subsets, MODEL_INCOMPATIBLE */
export async function compare(
  wanted: WantedMetric,
  seed: number,
  said: Said,
  reference: Reference | undefined,
  sourceDigest: string,
  signal: AbortSignal,
): Promise<MetricRecord> {
  return {
    metric: `metrics/${wanted.name}`,
    value: await metricValue(wanted, said, reference, signal),
    seed: BigInt(seed),
    numImages: BigInt(said.sums.n),
    referenceSha256: wanted.metric.needs === "logits" ? "" : (reference?.sha256 ?? ""),
    detectorDigest: said.detectorDigest,
    detector: wanted.detector,
    sourceDigest,
  };
}

async function metricValue(
  wanted: WantedMetric,
  said: Said,
  reference: Reference | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { metric } = wanted;
  const { dim, sums, features, logits, detectorDigest: digest } = said;
  if (metric.needs === "logits") return metric.compute({ dim: logits!.classes, rows: logits!.rows });
  const entry = entryFor(reference!, wanted, { digest, dim });
  if (metric.needs === "statistics") return metric.compute(await sums.statistics(), entry.gaussian);
  return metric.compute({ dim, rows: features! }, entry.features!, { signal });
}
