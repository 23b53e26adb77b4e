/** @file What a dataset holds, as the contract has it. */
import { DatasetInfo, LabelKind, type LatentStatistics, type DatasetProblem as Message } from "@tandem/contracts";
import type { DatasetCheck, DatasetProblem, LatentStatistics as Measured } from "@tandem/datasets";
import { statisticsOf } from "@tandem/datasets";

const kinds = {
  none: LabelKind.LABEL_KIND_UNSPECIFIED,
  class: LabelKind.LABEL_KIND_CLASS,
  vector: LabelKind.LABEL_KIND_VECTOR,
} as const;

/** Facts and faults, as far as the dataset was looked at. */
export function datasetInfo(check: DatasetCheck): DatasetInfo {
  const [channels, height, width] = check.shape;
  const { labels, problems, findings } = check;
  return DatasetInfo.fromPartial({
    numImages: BigInt(check.names.length),
    width,
    height,
    channels,
    sizeBytes: BigInt(check.sizeBytes),
    labels: {
      kind: kinds[labels.kind],
      labelDim: labels.dim,
      counts: labels.counts.map(BigInt),
      names: [...labels.names],
    },
    ...(findings.sums && { latentStatistics: statisticsMessage(statisticsOf(findings.sums)) }),
    problems: problems.kept.map(problemMessage),
    problemCount: BigInt(problems.count),
  });
}

/** A fault. */
export const problemMessage = ({ path, code, message, isFatal }: DatasetProblem): Message => ({
  path,
  code,
  message,
  fatal: isFatal,
});

/** Statistics for a network's encoder, which brings latents to mean 0 and deviation 0.5. */
export const statisticsMessage = ({ rawMean, rawStd, count }: Measured): LatentStatistics => ({
  rawMean: [...rawMean],
  rawStd: [...rawStd],
  finalMean: 0,
  finalStd: 0.5,
  numImages: BigInt(count),
});
