/** @file A dataset at a glance: its directory, its labels, and the heads of some files. */
import type { DatasetInfo } from "@tandem/contracts";
import { DatasetCheck } from "@tandem/datasets";
import { datasetInfo } from "./dataset-info.js";

/** Files whose heads are read, spread over the dataset: seconds on a disk that has to seek. */
const HEADS = 1000;
const TOGETHER = 50;

/**
 * Seconds, however large the dataset is.
 * @param path a folder or a ZIP archive
 * @throws DomainError RESOURCE_NOT_FOUND; DATASET_INVALID for an archive that cannot be read; the signal's reason
 */
export async function quickLook(path: string, signal: AbortSignal): Promise<DatasetInfo> {
  const check = await DatasetCheck.open(path);
  try {
    await lookAtHeads(check, signal);
    return datasetInfo(check);
  } finally {
    await check.close();
  }
}

/** Looks at the heads of files. @throws the signal's reason */
export async function lookAtHeads(check: DatasetCheck, signal: AbortSignal): Promise<void> {
  const count = check.names.length;
  const some = Math.min(count, HEADS);
  const spread = Array.from({ length: some }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, some - 1)));
  for (let i = 0; i < some; i += TOGETHER) {
    signal.throwIfAborted();
    await check.look(spread.slice(i, i + TOGETHER), "header");
  }
}
