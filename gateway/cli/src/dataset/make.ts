/** @file Has a dataset made, and shows it. */
import type { DatasetSpec } from "@tandem/contracts";
import type { Context } from "../context.js";
import { datasetJob, openBuilder } from "./builder.js";
import { showDataset, showSkipped } from "./describe.js";
import { inDatasetOptions, rootsOf } from "./options.js";
import type { OutputOptions } from "./output-options.js";

/**
 * @param title what stands before the progress
 * @param read  further places that are read
 * @throws DomainError in the words of the options
 */
export async function makeDataset(
  context: Context,
  title: string,
  { source, dest, contactSheet }: OutputOptions,
  spec: DatasetSpec,
  read: readonly (string | undefined)[] = [],
): Promise<void> {
  const roots = rootsOf({ read: [source, ...read], made: [dest, contactSheet] });
  await using builder = await openBuilder(context, roots);
  try {
    const result = await datasetJob(context, builder, title, spec);
    showDataset(context, dest!, result.info!, "quick look");
    showSkipped(context, result);
    if (contactSheet !== undefined) context.output.result({ kind: "contact-sheet", path: contactSheet }, contactSheet);
  } catch (error) {
    throw inDatasetOptions(error);
  }
}
