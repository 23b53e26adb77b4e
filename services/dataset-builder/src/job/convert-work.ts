/** @file The conversion job: pictures of any source into a dataset of images. */
import { convertDataset, openSource } from "@tandem/datasets";
import type { ChildContext, JobEnd } from "@tandem/jobs";
import type { ConvertInput, DatasetInput } from "./dataset-input.js";
import { makeOnce } from "./make-once.js";
import { published } from "./published.js";

/**
 * Pictures that earlier attempts, or other jobs with the same request, have finished are not made again.
 * @throws DomainError DATASET_INVALID naming the picture, OUTPUT_EXISTS, OUT_OF_MEMORY (disk full)
 */
export async function convertWork(
  input: DatasetInput<ConvertInput>,
  context: ChildContext,
): Promise<JobEnd<"dataset">> {
  const { operation, work } = input;
  const { output, maxImages, pictures, options } = operation;
  context.progress({ done: 0, total: 0, unit: "images", stage: "opening the source" });
  const source = await openSource(input.source, pictures);
  try {
    const report = await makeOnce(work, output, () =>
      convertDataset(
        source,
        output,
        { ...options, maxImages },
        {
          signal: context.signal,
          onProgress: ({ done, total }) => context.progress({ done, total, unit: "images", stage: "converting" }),
          onProblem: ({ message }) => context.log("info", `left out: ${message}`),
        },
      ),
    );
    if (!report) context.log("warning", "which pictures an earlier attempt left out is no longer known");
    const { skipped = [], skippedCount = 0 } = report ?? {};
    return await published(operation, context, { skipped, skippedCount, classNames: source.classNames });
  } finally {
    await source.close();
  }
}
