/** @file The end of a job that has made a dataset: what it holds, its contact sheet, its artifacts. */
import {
  contactSheet,
  DatasetCheck,
  type DatasetProblem,
  type LatentSums,
  openDataset,
  Problems,
} from "@tandem/datasets";
import { replaceFile } from "@tandem/formats";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import { datasetInfo, problemMessage } from "../inspect/dataset-info.js";
import { lookAtHeads } from "../inspect/quick-look.js";
import type { OutputInput } from "./dataset-input.js";

const TOGETHER = 64;

/** What is known beside the dataset itself. */
export interface Findings {
  readonly skipped?: readonly DatasetProblem[];
  readonly skippedCount?: number;
  /** Names of the classes, by the source. */
  readonly classNames?: readonly string[] | undefined;
  /** Whether its latents are to be measured. */
  readonly isMeasured?: boolean;
  /** Sums of its latents, when they are known. */
  readonly sums?: LatentSums | undefined;
}

/** @throws the signal's reason; DomainError OUT_OF_MEMORY (disk full) for the sheet */
export async function published(
  { output, contactSheet: sheet }: OutputInput,
  context: ChildContext,
  { skipped = [], skippedCount = 0, classNames = [], isMeasured = false, sums }: Findings,
): Promise<JobEnd<"dataset">> {
  const info = await infoOf(output, isMeasured ? (sums ?? "unknown") : undefined, context);
  const { labels } = info;
  if (labels?.names.length === 0 && labels.labelDim === classNames.length) labels.names = [...classNames];
  const path = output.toLowerCase().endsWith(".zip") ? output : `${output}/`;
  const { name: artifact } = await context.artifact({ path, kind: "dataset" });
  const result = {
    artifact,
    info,
    skipped: skipped.map(problemMessage),
    skippedCount: BigInt(skippedCount),
    contactSheet: sheet === undefined ? "" : await writeSheet(output, sheet, context),
  };
  return { kind: "done", result };
}

/** @param sums of latents that are to be measured; those that are not known are read again */
async function infoOf(output: string, sums: LatentSums | "unknown" | undefined, { signal, progress }: ChildContext) {
  const check = await DatasetCheck.open(output);
  try {
    if (sums !== "unknown") {
      check.findings = { problems: new Problems(), ...(sums && { sums }) };
      await lookAtHeads(check, signal);
      return datasetInfo(check);
    }
    const total = check.names.length;
    for (let next = 0; next < total; next += TOGETHER) {
      signal.throwIfAborted();
      const some = Array.from({ length: Math.min(TOGETHER, total - next) }, (_, i) => next + i);
      await check.look(some, "whole");
      progress({ done: next + some.length, total, unit: "images", stage: "measuring" });
    }
    return datasetInfo(check);
  } finally {
    await check.close();
  }
}

async function writeSheet(output: string, path: string, context: ChildContext): Promise<string> {
  const dataset = await openDataset(output, { signal: context.signal });
  try {
    const png = await contactSheet(dataset);
    await replaceFile(path, (file) => file.writeFile(png));
    return (await context.artifact({ path, kind: "image" })).name;
  } finally {
    await dataset.close();
  }
}
