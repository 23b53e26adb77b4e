/** @file Statistics for other programs: our .safetensors, .npz, the reference implementation's pickle. */
import { invalid } from "@tandem/errors";
import { writeReference } from "@tandem/metrics";
import { referenceKey } from "./reference-keys.js";
import type { RecordStatistics } from "./statistics-message.js";

/** @throws DomainError FIELD_INVALID when a file of this ending cannot hold statistics of these detectors */
export function checkHolds(path: string, detectors: readonly string[]): void {
  if (!path.endsWith(".npz") || detectors.every((detector) => referenceKey(detector) === "fid")) return;
  throw invalid("spec.statistics_uri", path, "a .safetensors or .pkl file: .npz holds the statistics of fid alone");
}

/** Writes mean and covariance of one record, by the file's ending. @throws DomainError FIELD_INVALID when they do not fit into it */
export async function writeReferenceFile(path: string, { detectors }: RecordStatistics): Promise<void> {
  checkHolds(
    path,
    detectors.map(({ detector }) => detector),
  );
  const numImages = detectors[0]!.sums.n;
  const gaussians = new Map();
  for (const { detector, detectorDigest, sums } of detectors)
    gaussians.set(referenceKey(detector), { ...(await sums.statistics()), detectorDigest });
  await writeReference(path, { numImages, detectors: gaussians });
}
