/** @file The statistics to compare with, of whatever file holds them. */
import { open } from "node:fs/promises";
import { DomainError } from "@tandem/errors";
import { sniff } from "@tandem/formats";
import { type Features, type Gaussian, readReference } from "@tandem/metrics";
import { sha256File } from "@tandem/storage";
import { detectorOfKey } from "../statistics/reference-keys.js";
import { readStatisticsFile } from "../statistics/statistics-message.js";
import type { WantedMetric } from "./metric-names.js";

/** What a reference holds of one detector. */
export interface ReferenceEntry {
  readonly gaussian: Gaussian;
  /** Digest of the detector's weights, where the file tells it. */
  readonly detectorDigest: string | undefined;
  readonly features: Features | undefined;
}

/** An open reference. */
export interface Reference {
  readonly path: string;
  readonly sha256: string;
  readonly entries: ReadonlyMap<string, ReferenceEntry>;
}

/** Reads a reference: a statistics artifact, .safetensors, .npz, or the reference's pickle. @throws DomainError UNSAFE_FILE */
export async function openReference(path: string): Promise<Reference> {
  const sha256 = await sha256File(path);
  const isOurs = sniff(await head(path)) === undefined;
  return { path, sha256, entries: isOurs ? await ofStatistics(path) : await ofReference(path) };
}

/** The bytes that tell what a file is. */
async function head(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function ofReference(path: string): Promise<Map<string, ReferenceEntry>> {
  const { detectors } = await readReference(path);
  return new Map(
    [...detectors].map(([key, gaussian]) => [
      detectorOfKey(key),
      { gaussian, detectorDigest: gaussian.detectorDigest, features: undefined },
    ]),
  );
}

async function ofStatistics(path: string): Promise<Map<string, ReferenceEntry>> {
  const { records, shard } = await readStatisticsFile(path);
  if (shard && shard.count > 1)
    throw new DomainError("FIELD_INVALID", `${path} is part ${shard.index} of ${shard.count}; merge the parts first`, {
      field: "spec.reference",
    });
  if (records.length > 1)
    throw new DomainError(
      "FIELD_INVALID",
      `${path} holds statistics of ${records.length} seeds; a reference is of one`,
      { field: "spec.reference" },
    );
  const entries = new Map<string, ReferenceEntry>();
  for (const { detector, detectorDigest, sums, features, dim } of records[0]!.detectors)
    entries.set(detector, {
      gaussian: await sums.statistics(),
      detectorDigest,
      features: features && { dim, rows: features },
    });
  return entries;
}

/**
 * What a metric compares with.
 * @param made digest and width of the detector that measures
 * @throws DomainError MODEL_INCOMPATIBLE: not of this detector, of other weights, of other width, without what the metric needs
 */
export function entryFor(
  { path, entries }: Reference,
  { name, metric, detector }: WantedMetric,
  made: { digest: string; dim: number },
): ReferenceEntry {
  const entry = entries.get(detector);
  const refuse = (why: string) =>
    new DomainError(
      "MODEL_INCOMPATIBLE",
      `the reference ${path} ${why}; make one with tandem metrics ref --metrics ${name}`,
      {
        resource: path,
      },
    );
  if (!entry)
    throw refuse(`holds nothing of ${detector}, which ${name} compares by, only of ${[...entries.keys()].join(", ")}`);
  if (entry.gaussian.mu.length !== made.dim)
    throw refuse(`holds ${entry.gaussian.mu.length} features of ${detector}, and these weights give ${made.dim}`);
  if (entry.detectorDigest !== undefined && entry.detectorDigest !== made.digest)
    throw refuse(`was made with other weights of ${detector} (${entry.detectorDigest}, not ${made.digest})`);
  if (metric.needs === "features" && !entry.features)
    throw refuse(`holds mean and covariance, and ${name} compares single images' features`);
  return entry;
}
