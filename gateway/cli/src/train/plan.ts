/** @file What a run will be, for people, before it is one. */
import { type Edm2Training, type Job, TrainingSpec } from "@tandem/contracts";

/** The resolved spec of a job that was only validated, as an object and as text. */
export function describeTraining(job: Job): [object, string] {
  const spec = job.spec?.kind?.value as TrainingSpec;
  const run = spec.run?.value as Edm2Training;
  const { network, encoding } = run;
  const list = (values: readonly number[] | undefined) => (values?.length ? values.join(",") : "none");
  const every = (count: bigint | undefined, what: string) => (count ? `${what} every ${images(count)}` : `no ${what}`);
  const lines = [
    `preset       ${run.preset}`,
    `data         ${run.dataset?.uri}: ${network?.imgResolution}x${network?.imgResolution}, ${network?.imgChannels} channels, ${encoding?.kind?.$case}${network?.labelDim ? `, ${network.labelDim} classes` : ", no classes"}`,
    `network      ${network?.modelChannels} channels x ${list(network?.channelMult)}, ${network?.numBlocks} blocks, attention at ${list(network?.attnResolutions?.values)}, dropout ${network?.dropout}`,
    `duration     ${images(run.durationNimg)} in steps of ${run.batchSize}, ${run.batchGpu} at once`,
    `noise        ln(sigma) ${run.pMean} +- ${run.pStd}`,
    `rate         ${run.learningRate}, ramped up over ${images(run.rampupNimg ?? 0n)}, decaying after ${run.decayBatches} batches`,
    `EMA          ${list(run.emaStds)}`,
    `files        ${every(run.statusNimg, "status")}, ${every(run.snapshotNimg, "snapshot")}, ${every(run.checkpointNimg, "checkpoint")}${spec.outputUri ? `, in ${spec.outputUri}` : ""}`,
    `seed         ${run.seed}`,
  ];
  return [TrainingSpec.toJSON(spec) as object, lines.join("\n")];
}

/** A count in the unit that divides it: 8388608 is 8Mi. */
function images(count: bigint): string {
  const unit = [30n, 20n, 10n].find((bits) => count > 0n && count % (1n << bits) === 0n);
  const names: Record<string, string> = { 30: "Gi", 20: "Mi", 10: "Ki" };
  return unit === undefined ? `${count} images` : `${count >> unit}${names[String(unit)]} images`;
}
