/** @file Statistics for other programs: our .safetensors, .npz, the reference implementation's pickle. */
import { invalid } from "@tandem/errors";
import { writeReference } from "@tandem/metrics";
import { referenceKey } from "./reference-keys.js";
import type { RecordStatistics } from "./statistics-message.js";

/** Writes mean and covariance of one record, by the file's ending. @throws DomainError FIELD_INVALID when they do not fit into it */
export async function writeReferenceFile(path: string, { detectors }: RecordStatistics): Promise<void> {
  if (path.endsWith(".npz") && (detectors.length !== 1 || referenceKey(detectors[0]!.detector) !== "fid"))
    throw invalid("spec.statistics_uri", path, "a .safetensors or .pkl file: .npz holds the statistics of fid alone");
  const numImages = detectors[0]!.sums.n;
  const gaussians = new Map();
  for (const { detector, detectorDigest, sums } of detectors)
    gaussians.set(referenceKey(detector), { ...(await sums.statistics()), detectorDigest });
  await writeReference(path, { numImages, detectors: gaussians });
}
