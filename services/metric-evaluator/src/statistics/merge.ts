/** @file Statistics of shards as those of the whole: exact sums add to the same bits in any order. */
import { basename } from "node:path";
import { DomainError } from "@tandem/errors";
import { FeatureSums } from "@tandem/metrics";
import { type DetectorStatistics, type RecordStatistics, readStatisticsFile } from "./statistics-message.js";

/**
 * Reads and merges the shards of one evaluation.
 * @throws DomainError FIELD_INVALID (a part is missing, there twice, or of another evaluation), UNSAFE_FILE, RESOURCE_NOT_FOUND
 */
export async function mergeShards(paths: readonly string[]): Promise<RecordStatistics[]> {
  const parts = await Promise.all(paths.map(async (path) => ({ path, ...(await readStatisticsFile(path)) })));
  const count = parts[0]!.shard?.count ?? 1;
  const ordered: (typeof parts)[number][] = [];
  for (const part of parts) {
    const { index, count: own } = part.shard ?? { index: 0, count: 1 };
    if (own !== count) throw refused(part.path, `is a part of ${own}, and ${basename(parts[0]!.path)} one of ${count}`);
    if (ordered[index]) throw refused(part.path, `is part ${index}, as ${basename(ordered[index]!.path)} is`);
    ordered[index] = part;
  }
  for (let index = 0; index < count; index++)
    if (!ordered[index])
      throw refused(`part ${index} of ${count}`, "is missing; together the files must cover every part once");
  return Promise.all(
    ordered[0]!.records.map(async ({ seed, detectors }) => ({
      seed,
      detectors: await Promise.all(
        detectors.map((one) =>
          merged(
            one.detector,
            ordered.map((part) => statisticsOf(part, seed, one)),
          ),
        ),
      ),
    })),
  );
}

function statisticsOf(
  { path, records }: { path: string; records: readonly RecordStatistics[] },
  seed: number,
  like: DetectorStatistics,
): DetectorStatistics {
  const found = records
    .find((record) => record.seed === seed)
    ?.detectors.find(({ detector }) => detector === like.detector);
  if (!found) throw refused(path, `holds nothing of seed ${seed} by ${like.detector}, as the others do`);
  if (found.detectorDigest !== like.detectorDigest || found.dim !== like.dim)
    throw refused(path, `was made with other weights of ${like.detector}: ${found.detectorDigest}`);
  return found;
}

async function merged(detector: string, parts: readonly DetectorStatistics[]): Promise<DetectorStatistics> {
  const { dim, detectorDigest } = parts[0]!;
  const sums = new FeatureSums(dim);
  for (const part of parts) await sums.merge(part.sums);
  const hasFeatures = parts.every(({ features }) => features !== undefined);
  return { detector, detectorDigest, dim, sums, features: hasFeatures ? interleaved(parts, dim) : undefined };
}

/** Rows in order of position: shard i of c holds positions i, i + c, i + 2 c, ... */
function interleaved(parts: readonly DetectorStatistics[], dim: number): Float32Array {
  const rows = new Float32Array(parts.reduce((total, { features }) => total + features!.length, 0));
  for (const [index, { features }] of parts.entries())
    for (let i = 0; i * dim < features!.length; i++)
      rows.set(features!.subarray(i * dim, (i + 1) * dim), (index + i * parts.length) * dim);
  return rows;
}

const refused = (resource: string, what: string) =>
  new DomainError("FIELD_INVALID", `spec.statistics.files: ${resource} ${what}`, {
    field: "spec.statistics.files",
    resource,
  });
