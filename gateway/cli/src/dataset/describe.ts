/** @file A dataset as results show it: an object for scripts, lines and tables for people. */
import { type DatasetInfo, type DatasetProblem, type DatasetResult, LabelKind } from "@tandem/contracts";
import type { Context } from "../context.js";
import { showStatistics } from "./latent-statistics.js";

/** Rows of a table that people read; --json has all. */
const ROWS = 20;

const kinds: Readonly<Record<number, "none" | "class" | "vector">> = {
  [LabelKind.LABEL_KIND_CLASS]: "class",
  [LabelKind.LABEL_KIND_VECTOR]: "vector",
};

/** What a dataset holds, for scripts. */
export function describeDataset(info: DatasetInfo) {
  const { labels, latentStatistics: statistics, problems, problemCount } = info;
  return {
    kind: "dataset",
    images: info.numImages,
    width: info.width,
    height: info.height,
    channels: info.channels,
    sizeBytes: info.sizeBytes,
    labels: {
      kind: kinds[labels?.kind ?? 0] ?? "none",
      dim: labels?.labelDim ?? 0,
      counts: labels?.counts ?? [],
      names: labels?.names ?? [],
    },
    latentStatistics: statistics
      ? { rawMean: statistics.rawMean, rawStd: statistics.rawStd, images: statistics.numImages }
      : null,
    problems,
    problemCount,
  };
}

/** Writes what a dataset holds. @param found how thoroughly it was looked at, for a dataset without faults */
export function showDataset({ output }: Context, name: string, info: DatasetInfo, found: string): void {
  const described = describeDataset(info);
  output.result({ ...described, path: name }, textOf(name, described, found));
  if (!output.json && info.latentStatistics) showStatistics({ output }, info);
  if (output.json) return;
  const { labels, problems, problemCount } = described;
  if (labels.kind === "class" && labels.dim <= ROWS)
    output.results(
      labels.counts.map((count, i) => ({ count, i })),
      {
        class: ({ i }) => String(i),
        ...(labels.names.length > 0 && { name: ({ i }) => labels.names[i] ?? "" }),
        images: ({ count }) => String(count),
      },
      "",
    );
  if (problems.length === 0) return;
  output.results(
    problems.slice(0, ROWS),
    { problem: ({ code }) => code, file: ({ path }) => path || "-", message: ({ message }) => message },
    "",
  );
  const more = Number(problemCount) - Math.min(problems.length, ROWS);
  if (more > 0) output.note(`and ${more} problems more; --json lists up to 1000`);
}

/** Writes which pictures were left out, and why. */
export function showSkipped({ output }: Context, { skipped, skippedCount }: DatasetResult): void {
  if (output.json) {
    for (const { path, code, message } of skipped) output.result({ kind: "skipped", path, code, message });
    return;
  }
  if (skipped.length === 0) return;
  output.result({}, `skipped   ${skippedCount}`);
  const columns = {
    reason: (row: DatasetProblem) => row.code,
    file: (row: DatasetProblem) => row.path,
    message: (row: DatasetProblem) => row.message,
  };
  output.results(skipped.slice(0, ROWS), columns, "");
  const more = Number(skippedCount) - Math.min(skipped.length, ROWS);
  if (more > 0) output.note(`and ${more} more; --json lists up to 1000`);
}

function textOf(name: string, dataset: ReturnType<typeof describeDataset>, found: string): string {
  const { images, width, height, channels, sizeBytes, problems, problemCount } = dataset;
  const what = channels > 3 ? "latents" : "images";
  const fatal = problems.filter(({ fatal }) => fatal).length;
  const rows = [
    ["dataset", name],
    [what, `${images}, ${width}x${height}, ${channels} ${channels === 1 ? "channel" : "channels"}`],
    ["files", bytesText(Number(sizeBytes))],
    ["labels", labelText(dataset.labels)],
    [
      "problems",
      problemCount === 0n ? `none (${found})` : `${problemCount}, ${fatal} of which a training would refuse`,
    ],
  ];
  return rows.map(([left, right]) => `${left!.padEnd(10)}${right}`).join("\n");
}

function bytesText(bytes: number): string {
  const [unit, size] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(bytes / (size as number)).toFixed(1)} ${unit}`;
}

function labelText({ kind, dim, counts }: ReturnType<typeof describeDataset>["labels"]): string {
  if (kind === "none") return "none";
  if (kind === "vector") return `vectors of ${dim}`;
  const numbers = counts.map(Number);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${dim} classes of ${least === most ? least : `${least} to ${most}`} images`;
}
