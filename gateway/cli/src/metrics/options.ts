/** @file What the commands of `tandem metrics` have in common: metrics, detectors, and errors in the options' words. */
import type { DetectorWeights, EvaluationSpec } from "@tandem/contracts";
import { DomainError } from "@tandem/errors";
import { type Command, InvalidArgumentError } from "commander";
import { isLocal, localFile } from "../generate/model-reference.js";
import { parseSeeds } from "../lists/seeds.js";
import { checked, integer } from "../option-values.js";

/** Options that all of them take. */
export interface MetricOptions {
  metrics: string[];
  batch: number;
  detector: [name: string, file: string][];
}

/** Options of those that compare with a reference. */
export interface CompareOptions extends MetricOptions {
  ref?: string;
  num: number;
  seed: number[];
  again: boolean;
}

/** Adds metrics and detectors. */
export const metricOptions = (command: Command, batch: number): Command =>
  command
    .option(
      "--metrics <list>",
      "fid, fd_dinov2, kid, precision, recall, density, coverage, inception_score, each also by another detector: kid@dinov2-vitl14, fd@NAME",
      list,
      ["fid", "fd_dinov2"],
    )
    .option(
      "--detector <name=file>",
      "weights of a detector (repeatable; default: DETECTOR.pth, .pkl or .safetensors in TANDEM_HOME/detectors)",
      detector,
      [],
    )
    .option("--batch <n>", "images per call of a detector, 1 to 1024", integer(1, 1024), batch);

/** Adds reference, number and seeds. */
export const compareOptions = (command: Command, seeds: string): Command =>
  command
    .option("--ref <file>", "statistics to compare with: .pb, .safetensors, .npz (fid) or the reference's .pkl")
    .option("--num <n>", "images to measure, from 2; fewer are an error", integer(2), 50_000)
    .option("--seed <list>", seeds, checked(parseSeeds), [0])
    .option("--again", "measure also what is on record", false);

/** What of a request the options of all commands say. @throws DomainError RESOURCE_NOT_FOUND naming the option */
export async function toMetrics({ metrics, detector: detectors, batch }: MetricOptions) {
  const weights: DetectorWeights[] = [];
  for (const [name, file] of detectors) weights.push({ detector: name, file: await fileRef("--detector", file) });
  return { metrics, detectors: weights, batchSize: batch } satisfies Partial<EvaluationSpec>;
}

/** A file of this machine, or whatever else a request may name. @throws DomainError RESOURCE_NOT_FOUND naming the option */
export async function fileRef(option: string, text: string) {
  const uri = isLocal(text) && !/^(artifacts|servers)\//.test(text) ? await localFile(text, option) : text;
  return { uri, sha256: "" };
}

function list(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === "")) throw new InvalidArgumentError("It must be names separated by commas.");
  return names;
}

function detector(text: string, before: [string, string][]): [string, string][] {
  const [, name = "", file = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (file === "") throw new InvalidArgumentError("It must be NAME=FILE.");
  return [...before, [name, file]];
}

const options: readonly [field: RegExp, option: string][] = [
  [/spec\.images\.files(\.uri)?/, "--images"],
  [/spec\.images\.subset_seeds(\[\d+\])?/, "--seed"],
  [/spec\.generation\.start_seeds(\[\d+\])?/, "--seed"],
  [/spec\.reference(\.uri)?/, "--ref"],
  [/spec\.metrics(\[\d+\])?/, "--metrics"],
  [/spec\.detectors(\[\d+\])?\.(detector|file(\.uri)?)/, "--detector"],
  [/spec\.num_images/, "--num"],
  [/spec\.batch_size/, "--batch"],
  [/spec\.statistics_uri/, "--dest"],
];

/** The same error; where its message names a field of the request, the option stands there. */
export function inMetricOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  let { message } = error;
  for (const [field, option] of options) message = message.replace(field, option);
  return message === error.message ? error : new DomainError(error.reason, message, { ...error.details, cause: error });
}
